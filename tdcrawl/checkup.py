"""What is on, what is off, and the line that turns it on."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrapy.settings import BaseSettings

from tdcrawl import deployment
from tdcrawl.asking import BUDGET, has_budget, read_budget
from tdcrawl.balance import smote
from tdcrawl.datasets.engines import REMEDY, daft_is_installed
from tdcrawl.deployment import Target
from tdcrawl.errors import TdcrawlError
from tdcrawl.labeling import label_errors
from tdcrawl.labeling.llm import KEYS
from tdcrawl.labeling.money import price_of
from tdcrawl.records import RECORD_TYPES
from tdcrawl.redaction import redact
from tdcrawl.rendering import REMEDY as REMEDY_BROWSER
from tdcrawl.rendering import find_browser
from tdcrawl.setting_values import read_database_url, read_quota, read_switch
from tdcrawl.store.engine import open_engine, shown

_CLOSE_SCRAPYD = "bind_address = 127.0.0.1 in scrapyd.conf, and SCRAPYD_USERNAME=… SCRAPYD_PASSWORD=… scrapyd"


@dataclass(frozen=True, slots=True)
class Finding:
    """Say how one part stands: `ok`, `off` (somebody's choice) or `broken`; and what to do about the latter two."""

    part: str
    state: str
    detail: str
    remedy: str = ""


def examine(settings: BaseSettings) -> Iterator[Finding]:
    """Look at each part that a crawl needs or may use."""
    yield _data_dir(Path(settings["TDCRAWL_DATA_DIR"]))
    yield _database(read_database_url(settings))
    yield _contact(settings["TDCRAWL_CONTACT"])
    yield _robots(settings.getbool("ROBOTSTXT_OBEY"))
    yield _quota(settings)
    yield _labels(settings)
    yield _archive(settings)
    yield _signatures()
    yield _browser()
    yield _daft(settings["TDCRAWL_RAY_ADDRESS"])
    yield _smote()
    yield _label_errors()
    yield from _scrapyds()
    for name in sorted(name for name in settings if name.startswith("TDCRAWL_") and name.endswith("_ENABLED")):
        yield _stage(settings, name)


def _data_dir(path: Path) -> Finding:
    nearest = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return Finding("data folder", "ok", str(path))
    return Finding("data folder", "broken", f"{path} cannot be written", "TDCRAWL_DATA_DIR=a folder of yours")


def _database(url: str) -> Finding:
    try:
        open_engine(url).dispose()
    except TdcrawlError as error:
        return Finding("database", "broken", str(error), "TDCRAWL_DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME")
    return Finding("database", "ok", shown(url))


def _browser() -> Finding:
    if browser := find_browser():
        return Finding("browser", "ok", f"{browser} renders the pages of sites with render = true")
    return Finding("browser", "off", "no Chromium: sites with render = true cannot be read", REMEDY_BROWSER)


def _signatures() -> Finding:
    """Compare what was compiled for this machine with its definition, on a text of several scripts."""
    from tdcrawl.dedup import near  # noqa: PLC0415 - Scrapy imports this file for every command

    if near.is_exact("well made ünd 日本語 отлично 100"):
        return Finding("signatures", "ok", "those of near-duplicates are what datasketch defines")
    remedy = "remove the __pycache__ beside tdcrawl/dedup/kernels.py, and reinstall numba as requirements.txt pins it"
    return Finding("signatures", "broken", "those of near-duplicates are not what datasketch defines", remedy)


def _contact(contact: str) -> Finding:
    if contact:
        return Finding("contact", "ok", f"the user agent names {contact}")
    return Finding("contact", "off", "the user agent tells nobody how to reach you", "TDCRAWL_CONTACT=you@example.org")


def _robots(obeyed: bool) -> Finding:
    if obeyed:
        return Finding("robots.txt", "ok", "obeyed, as agent tdcrawl")
    return Finding("robots.txt", "off", "robots.txt is ignored", "remove ROBOTSTXT_OBEY = False")


def _quota(settings: BaseSettings) -> Finding:
    try:
        quotas = [read_quota(settings, record_type) for record_type in RECORD_TYPES.values()]
    except TdcrawlError as error:
        return Finding("quota", "broken", str(error), """TDCRAWL_QUOTA='{"positive": 500}'""")
    if any(quotas):
        return Finding("quota", "ok", str(settings["TDCRAWL_QUOTA"]))
    return Finding("quota", "off", "every stratum has room for all", """TDCRAWL_QUOTA='{"positive": 500}'""")


def _labels(settings: BaseSettings) -> Finding:
    """Tell whether models are asked; the key is looked for, not tried."""
    if not has_budget(settings):
        return Finding("labels", "off", "what a rule cannot label fails as missing_field", f"{BUDGET}=2.50")
    try:
        budget = read_budget(settings)
    except TdcrawlError as error:
        return Finding("labels", "broken", str(error), f"{BUDGET}=2.50")
    try:
        price_of(settings["TDCRAWL_LABEL_MODEL"], settings["TDCRAWL_LABEL_PRICE"])
    except TdcrawlError as error:
        return Finding("labels", "broken", str(error), "TDCRAWL_LABEL_PRICE=1,5")
    if budget and not any(map(os.environ.get, KEYS)):
        return Finding("labels", "broken", "there is money for votes, and no key", "ANTHROPIC_API_KEY=…")
    return Finding("labels", "ok", f"up to {settings[BUDGET]} USD a run for {settings['TDCRAWL_LABEL_MODEL']}")


def _archive(settings: BaseSettings) -> Finding:
    on = "pages that yield items or failures are kept, for scrapy failed replay"
    return _switch(settings, "TDCRAWL_ARCHIVE_PAGES", "archive", on, "what failed can only be crawled again")


def _daft(ray_address: str) -> Finding:
    if daft_is_installed():
        return Finding("daft", "ok", f"on the Ray cluster at {ray_address}" if ray_address else "on this machine")
    return Finding("daft", "off", "scrapy dataset dedup has only its local engine", REMEDY)


def _smote() -> Finding:
    if smote.is_installed():
        return Finding("smote", "ok", "scrapy dataset freeze --balance smote")
    return Finding("smote", "off", "scrapy dataset freeze has every other --balance", smote.REMEDY)


def _label_errors() -> Finding:
    if label_errors.is_installed():
        return Finding("label errors", "ok", "scrapy label errors finds labels that other records belie")
    return Finding("label errors", "off", "labels that other records belie are not looked for", label_errors.REMEDY)


def _scrapyds() -> Iterator[Finding]:
    try:
        yield from [_scrapyd(target) for target in deployment.targets()]
    except TdcrawlError as error:
        yield Finding("scrapyd", "broken", str(error), "mend [deploy] in scrapy.cfg (docs/scrapyd.md)")


def _scrapyd(target: Target) -> Finding:
    part, url = f"scrapyd {target.name}", redact(target.url)
    try:
        is_open = deployment.is_open(target.url)
        if is_open and (address := deployment.exposed(target.url)):
            danger = f"whoever reaches {redact(address)} can run code there: it asks for no password"
            return Finding(part, "broken", danger, _CLOSE_SCRAPYD)
        if not is_open and not target.username:
            return Finding(part, "off", f"{url} asks for a password", "username and password below [deploy]")
        versions = deployment.versions(target)
    except TdcrawlError as error:
        return Finding(part, "broken", str(error), "start it, or mend [deploy] in scrapy.cfg (docs/scrapyd.md)")
    if not versions:
        return Finding(part, "off", f"{url} has no project {target.project}", f"scrapyd-deploy {target.name}")
    if is_open:
        return Finding(part, "off", f"{url} lets anybody on this machine run code", _CLOSE_SCRAPYD)
    return Finding(part, "ok", f"{url} has {target.project}, version {versions[-1]}, behind a password")


def _stage(settings: BaseSettings, name: str) -> Finding:
    part = f"stage {name.removeprefix('TDCRAWL_').removesuffix('_ENABLED').lower()}"
    return _switch(settings, name, part, "on", "switched off")


def _switch(settings: BaseSettings, name: str, part: str, on: str, off: str) -> Finding:
    try:
        is_on = read_switch(settings, name)
    except TdcrawlError as error:
        return Finding(part, "broken", str(error), f"{name}=true")
    return Finding(part, "ok", on) if is_on else Finding(part, "off", off, f"{name}=true")
