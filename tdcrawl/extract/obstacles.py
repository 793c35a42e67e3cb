"""Why a page gave nothing: it says that there are records but holds none, or something stands in front of it.

A shop's ordinary page may well hold a login form or the script of a captcha. So only a page of few words is judged, and
only one that led nowhere.
"""

import re
from collections.abc import Mapping

import html_text
from parsel import Selector

from tdcrawl.extract.declared import COUNTS_OF_TEXTS, declared
from tdcrawl.extract.page import Page
from tdcrawl.outcomes import PageReason
from tdcrawl.records.base import RecordType

_MOST_WORDS = 200
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


def why_empty(page: Page, record_type: RecordType, *, led_on: bool) -> tuple[PageReason, str] | None:
    """Say why a page that gave no record should have given some (fewer_than_declared), or is none (see `obstacle`).

    `led_on` says whether links on it were followed.
    """
    said = declared(page, record_type)
    if said and said.number and said.counted_by in COUNTS_OF_TEXTS:
        return PageReason.FEWER_THAN_DECLARED, f"it declares {said.number} ({said.counted_by}), and none was found"
    return None if led_on else obstacle(page.selector)


def obstacle(page: Selector) -> tuple[PageReason, str] | None:
    """Say what stands in front of a page (blocked), or that there is none (http_status), with what it looks like."""
    words = html_text.extract_text(page.root, guess_layout=False).split()
    if len(words) > _MOST_WORDS:
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
