"""Why a page is no good: it cannot be read, turns in a circle, holds less than it says, or something stands before it.

A shop's ordinary page may well hold a login form or the script of a captcha. So only a page of few words is judged by
those, and only one that led nowhere.
"""

import re
from collections.abc import Mapping, Sequence

from lxml import etree
from parsel import Selector

from tdcrawl.extract.declared import COUNTS_OF_TEXTS, declared
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import Reading
from tdcrawl.extract.turning import Turn
from tdcrawl.extract.visible_text import visible_text
from tdcrawl.outcomes import PageReason
from tdcrawl.records.base import Raw, RecordType
from tdcrawl.sites.profile import Read, SiteProfile

Why = tuple[PageReason, str]

# By chance one or two records may lack the same field; a page of them all has another reason.
_SEVERAL = 3
# Shops count now and then, and take a review away in between.
_NEARLY_ALL = 0.9
_MOST_WORDS = 200
# More than so many words have, and enough to take seconds to lay out.
_MOST_CHARACTERS = 100_000
_TEXTS = etree.XPath("//text()[not(parent::script or parent::style)]", smart_strings=False)
# Elements that the services themselves put into the page that asks.
_CAPTCHA = (
    "#challenge-form, #cf-challenge-running, [src*='/cdn-cgi/challenge-platform/'], .g-recaptcha, .h-captcha,"
    "#px-captcha, [src*='captcha-delivery.com'], [src*='hcaptcha.com'], [action*='validateCaptcha'], #captcha"
)
_ASKS = "input[type=password]"
_LOGIN = re.compile(r"\b(?:log|sign) ?in\b|anmeld|einlogg|connexion|connectez|iniciar sesión|accedi", re.IGNORECASE)
_WORDS: Mapping[str, re.Pattern[str]] = {
    "it asks whether we are human": re.compile(
        r"verify (?:that )?you are (?:a )?human|are you a (?:robot|human)|unusual traffic|checking your browser"
        r"|enable javascript and cookies to continue|access (?:to this page has been )?denied|pardon our interruption"
        r"|bist du ein mensch|êtes-vous un robot",
        re.IGNORECASE,
    ),
    "it asks for consent before anything else": re.compile(
        r"before you continue|bevor sie (?:zu|fort)|avant de continuer|antes de continuar", re.IGNORECASE
    ),
}
_NOT_FOUND = re.compile(
    r"\b404\b|(?:page|product|seite|artikel) (?:was |could |wurde |konnte )?(?:not|nicht) (?:be )?(?:found|gefunden)"
    r"|page (?:introuvable|non trouvée)|página no encontrada|no longer (?:available|exists)",
    re.IGNORECASE,
)


def why_failed(
    page: Page, found: Reading, turn: Turn, profile: SiteProfile, record_type: RecordType, *, led_on: bool
) -> Why | None:
    """Say why a page has failed, though it may have given records; None where it is a good one.

    `led_on` says whether links on it were followed.
    """
    if found.problems and (found.is_cut or not found.readers):
        return PageReason.PARSE_ERROR, found.problems[0]
    if lost := _lost(found.raws, profile.read, record_type):
        return PageReason.PARSE_ERROR, lost
    if endless := _endless(turn, profile.follow.max_pages):
        return PageReason.TRAP, endless
    if fewer := _fewer(page, turn, record_type):
        return PageReason.FEWER_THAN_DECLARED, fewer
    return None if found.readers or led_on else obstacle(page.selector)


def _lost(raws: Sequence[Raw], read: Read, record_type: RecordType) -> str | None:
    """Name a field that the site file says where to find, that no record can do without, and that all of them lack."""
    if len(raws) < _SEVERAL:
        return None
    for name, selectors in {**read.fields, **read.page_fields}.items():
        is_needed = name in record_type.required and name in record_type.told_fields
        if is_needed and not any(raw.get(name, "").strip() for raw in raws):
            return f"there are {len(raws)} records, and none has {name}: is {selectors!r} still what it is called?"
    return None


def _endless(turn: Turn, max_pages: int) -> str | None:
    if turn.repeats:
        return f"as page {turn.page} of its list it shows what an earlier page did, and leads on"
    if turn.is_empty and turn.page >= max_pages:
        return f"as page {turn.page} of its list it shows nothing, and leads on"
    return None


def _fewer(page: Page, turn: Turn, record_type: RecordType) -> str | None:
    """Compare a list that was turned to its end, or that held nothing so far, with what its page declares."""
    is_end = turn.page > 1 and not turn.leads_on
    if turn.records and not is_end:
        return None
    said = declared(page, record_type)
    if not said or said.counted_by not in COUNTS_OF_TEXTS or turn.records >= _NEARLY_ALL * said.number:
        return None
    held = f"the {turn.page} pages of its list held {turn.records}" if turn.records else "none was found"
    return f"it declares {said.number} ({said.counted_by}), and {held}"


def obstacle(page: Selector) -> Why | None:
    """Say what stands in front of a page (blocked), or that there is none (http_status), with what it looks like."""
    is_long = sum(map(len, _TEXTS(page.root))) > _MOST_CHARACTERS
    words = [] if is_long else visible_text(page.root, layout=False).split()
    if is_long or len(words) > _MOST_WORDS:
        return None
    said = " ".join(words)
    if page.css(_CAPTCHA):
        return PageReason.BLOCKED, "it asks whether we are human"
    for what, pattern in _WORDS.items():
        if pattern.search(said):
            return PageReason.BLOCKED, what
    heading = " ".join(page.css("title::text, h1::text, h2::text").getall())
    if page.css(_ASKS) and _LOGIN.search(heading):
        return PageReason.BLOCKED, "it asks for a login"
    if _NOT_FOUND.search(heading):
        return PageReason.HTTP_STATUS, "it says that there is no such page, with HTTP 200"
    return None
