"""`scrapy gensite NAME URL…`: the draft of a site file, and the pages it must go on reading as it does now."""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._arguments import folder
from tdcrawl.errors import SiteError, StoreError
from tdcrawl.extract.page import Page
from tdcrawl.outcomes import PageRejection
from tdcrawl.sites.loading import load_profile, parse_profile
from tdcrawl.sites.profile import NAME, SiteProfile

_LONGEST_NAME = 60


class Command(TdcrawlCommand):
    """Write a site file and page cases; nothing is written over, and nothing at all where a page cannot be had."""

    def syntax(self) -> str:
        """Name the arguments."""
        return "NAME URL… [--to DIR] [--site F] [--json]"

    def short_desc(self) -> str:
        """Describe the command in the list of commands."""
        return "Write a site file from some of its pages, those pages as tests, and what must be confirmed in them"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Take a name, pages, and where to write."""
        super().add_options(parser)
        parser.add_argument("name", metavar="NAME", help="lower-case letters, digits and _")
        parser.add_argument("urls", nargs="+", metavar="URL", help="an http(s) address, or a saved .html file")
        parser.add_argument(
            "--to", type=folder, default=Path(), metavar="DIR", help="write here (default: this folder)"
        )
        parser.add_argument("--site", metavar="F", help="write no site file, but more pages of this site")

    def answer(self, opts: argparse.Namespace) -> Answer:
        """Get the pages, then write; raises SiteError or StoreError."""
        # Scrapy imports this file for every command, and none should wait for the readers.
        from tdcrawl.fetching import get_pages  # noqa: PLC0415
        from tdcrawl.probing.cases import write_case  # noqa: PLC0415
        from tdcrawl.probing.draft import draft  # noqa: PLC0415

        file = opts.to / f"{opts.name}.toml"
        profile = load_profile(opts.site) if opts.site else None
        _check(opts.name, file, profile)
        pages = [_page(url, got) for url, got in get_pages(opts.urls, self.project_settings, profile).items()]
        cases = _name_cases(opts.to / "tests" / "pages" / opts.name, pages)
        content = "" if profile else draft(opts.name, pages)
        profile = profile or parse_profile(opts.name, content.encode(), str(file))
        read = [(case, write_case(case, page, profile)) for case, page in cases.items()]
        if content:
            _write(file, content)
        written = [{"folder": str(case), "records": len(found["records"])} for case, found in read]
        return {"site": opts.name, "file": str(file) if content else None, "cases": written}

    def show(self, console: Console, answer: Answer) -> None:
        """Say what was written, and what to do with it."""
        if answer["file"]:
            console.print(f"Wrote {escape(answer['file'])}: read it through")
        for case in answer["cases"]:
            console.print(f"Wrote {escape(case['folder'])}: {case['records']} records to confirm in expected.json")
        console.print("pytest tests/sites/test_pages.py fails until each is confirmed")


def _write(file: Path, content: str) -> None:
    try:
        file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from error


def _check(name: str, file: Path, profile: SiteProfile | None) -> None:
    if not NAME.match(name):
        raise SiteError(f"{name!r}: a site is named with lower-case letters, digits and _ only, a letter first")
    if profile and profile.name != name:
        raise SiteError(f"--site names the site {profile.name}, not {name}")
    if not profile and file.exists():
        raise SiteError(f"{file} is there already; with --site {file} its site gets more pages")


def _page(url: str, got: object) -> Page:
    if isinstance(got, PageRejection):
        raise StoreError(f"{url}: {got.reason or got.state}: {got.detail}")
    from tdcrawl.probing.leads import opt_outs  # noqa: PLC0415

    page: Page = got.page  # type: ignore[attr-defined]
    if said := opt_outs(page, got.headers):  # type: ignore[attr-defined]
        raise SiteError(f"{url} has opted out of AI training ({'; '.join(said)}): its pages are not kept, nor crawled")
    if urlsplit(page.url).scheme not in {"http", "https"}:
        raise SiteError(f"{url} does not say where it was: give it <link rel=canonical href=…>, or fetch it")
    return page


def _name_cases(folder: Path, pages: Iterable[Page]) -> dict[Path, Page]:
    """Name a folder for each page by its path; raises SiteError where it is there."""
    cases: dict[Path, Page] = {}
    for page in pages:
        parts = urlsplit(page.url)
        name = re.sub(r"[^a-z0-9]+", "_", f"{parts.path} {parts.query}".lower()).strip("_")[:_LONGEST_NAME] or "home"
        case = folder / name
        if case in cases or case.exists():
            raise SiteError(f"{case} is there already: move it, to have the page written anew")
        cases[case] = page
    return cases
