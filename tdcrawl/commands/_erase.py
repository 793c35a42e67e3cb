"""`scrapy dataset erase`: one record, author, address or site, out of everything and for good."""

import argparse
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from tdcrawl import privacy
from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._actions import Action
from tdcrawl.errors import PlanError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.store.erasing import Target, addresses_like
from tdcrawl.store.terms import Terms
from tdcrawl.store.tombstones import Kind, url_key
from tdcrawl.urls import canonical_url

_ID = re.compile(r"(?:person:)?([0-9a-f]{32})")
_SHOWN = 20


def _options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", metavar="ID", help="one record or item, by its whole id")
    what.add_argument("--author", metavar="NAME", help="all that somebody wrote: the name, or its hash (author_hash)")
    what.add_argument("--url", metavar="URL", help="one page, and all that was read on it")
    what.add_argument("--site", metavar="NAME", help="all pages and items of a site")
    parser.add_argument("--dry-run", action="store_true", help="count what would go, and change nothing")
    parser.add_argument("--why", metavar="TEXT", help="is kept with the tombstone: name nobody in it")


def _answer(command: TdcrawlCommand, opts: argparse.Namespace) -> Answer:
    from tdcrawl.datasets.erasing import Erasure  # noqa: PLC0415 - Scrapy imports this file for every command

    target = _target(command, opts)
    erasure = Erasure(command.engine, command.data_dir, target, lambda kind: _terms(command, kind), opts.why)
    told: dict[str, Any] = {"kind": target.kind.value, "dry_run": opts.dry_run}
    if opts.dry_run:
        return told | erasure.foresee()
    answer = told | erasure.carry_out()
    command.exitcode = int(bool(answer["found"]))
    return answer


def _target(command: TdcrawlCommand, opts: argparse.Namespace) -> Target:
    if opts.record:
        return Target(Kind.RECORD, frozenset({_id(opts.record)}))
    if opts.site:
        return Target(Kind.SITE, frozenset({Path(opts.site).stem if opts.site.endswith(".toml") else opts.site}))
    if opts.url:
        urls = _addresses(command, opts.url)
        return Target(Kind.URL, frozenset(map(url_key, urls)), urls=urls)
    if not opts.author or not opts.author.strip():
        raise PlanError("say what is to be erased: --record, --author, --url or --site needs a value")
    if known := _ID.fullmatch(opts.author):
        return Target(Kind.AUTHOR, frozenset({known[1]}))
    key = privacy.load_key(command.data_dir, command.project_settings["TDCRAWL_PERSON_KEY"])
    return Target(Kind.AUTHOR, frozenset({privacy.person_hash(key, opts.author)}), names=(opts.author,))


def _id(given: str) -> str:
    if re.fullmatch(r"[0-9a-f]{32}", given):
        return given
    raise PlanError(f"--record {given!r}: the whole id is needed, 32 hexadecimal digits (scrapy explain shows it)")


def _addresses(command: TdcrawlCommand, url: str) -> frozenset[str]:
    try:
        named = {url, canonical_url(url)}
    except ValueError as error:
        raise PlanError(f"--url: {error}") from error
    with command.engine.connect() as connection:
        return frozenset(named | addresses_like(connection, named))


def _terms(command: TdcrawlCommand, record_type: str) -> Terms:
    from tdcrawl.measures import open_terms  # noqa: PLC0415 - Scrapy imports this file for every command

    return open_terms(command.engine, command.project_settings, RECORD_TYPES[record_type])


def _show(console: Console, answer: Answer) -> None:
    would = "would be " if answer["dry_run"] else ""
    for name, number in answer["erased"].items():
        console.print(f"{number:>9} {name.replace('_', ' ')} {would}erased", markup=False)
    for name, number in answer["versions"].items():
        console.print(f"{number:>9} rows of {name} {would}taken out, with an erratum", markup=False)
    for name in answer["feeds"]:
        console.print(f"the feeds of run {name} {would or 'were '}written anew", markup=False)
    if not any(answer["erased"].values()):
        console.print("nothing of it was found")
    if answer["dry_run"]:
        return
    if answer["versions"]:
        console.print("copies made elsewhere must be replaced: scrapy dataset export vN --to DIR")
    _show_proof(console, answer)


def _show_proof(console: Console, answer: Answer) -> None:
    for place in answer["found"][:_SHOWN]:
        console.print(f"✗ {place}", markup=False)
    if len(answer["found"]) > _SHOWN:
        console.print(f"✗ and {len(answer['found']) - _SHOWN} more places (--json names all)")
    scanned = "{tables} tables and {files} files were searched".format(**answer["scanned"])
    console.print(f"{scanned}: " + ("something is left" if answer["found"] else "[green]✓[/] nothing of it is left"))


ERASE = Action("take a record, author, page or site out of everything", _options, _answer, _show)
