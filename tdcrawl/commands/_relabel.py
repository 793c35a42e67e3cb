"""`scrapy label relabel`: labels by another version of model or wording; what it would cost and change, said before."""

import asyncio
from collections.abc import Iterator
from itertools import islice

from rich.console import Console
from rich.table import Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.commands._taking_up import take_up
from tdcrawl.labeling.estimate import estimate, unbought
from tdcrawl.labeling.flips import Group, Seen, both_called, expected, seen_in_audits, tally
from tdcrawl.labeling.money import price_of
from tdcrawl.labeling.prompt import shown_text, version_of
from tdcrawl.outcomes import Bucket, Rejection
from tdcrawl.records.base import RecordType
from tdcrawl.reporting import figures_line
from tdcrawl.store.engine import Connection, reading
from tdcrawl.store.label_figures import audited
from tdcrawl.store.relabelling import VotesOnTexts, count_before, labelled_before, votes_on_texts
from tdcrawl.store.votes import taken
from tdcrawl.store.waiting import count_tasks

_TOLD = ("version", "label", "of", "texts", "changed", "to_people", "share", "low", "high")
_FROM = {
    "records": "texts of records that both versions voted on",
    "gold": "texts of a gold set that both versions voted on",
    "audits": "what people found wrong: so many change if the new version makes no mistakes",
}


def plan(command: TdcrawlCommand, kind: RecordType) -> Answer:
    """Say what relabelling would cost and what it would change, and from what that is known; asks nobody."""
    settings = command.project_settings
    price = price_of(settings["TDCRAWL_LABEL_MODEL"], settings["TDCRAWL_LABEL_PRICE"])
    version = version_of(kind, settings["TDCRAWL_LABEL_MODEL"])
    before = count_before(command.engine, kind.name, version)
    with reading(command.engine) as connection:
        voted = votes_on_texts(connection, version)
        flips = _flips(connection, kind, version, voted, before)
    texts = (shown_text(kind, kind.stored(row["data"])) for row in labelled_before(command.engine, kind.name, version))
    there = {text: versions[version] for text, versions in voted.items()}
    cost = estimate(kind, unbought(kind, texts, there), price, taken(command.engine))
    known = {"known": sum(before.values()) - cost["records"]}
    return {"plan": {**cost, "version": version, "records": sum(before.values()), **known, **flips}}


def sample(command: TdcrawlCommand, kind: RecordType, number: int) -> Answer:
    """Ask about so many of the records, evenly drawn, and count what would change; their labels stay."""
    from tdcrawl.backlog import Relabelling, open_backlog, open_labelling  # noqa: PLC0415 - takes its time

    async def ask() -> list[tuple[Group, str | None]]:
        async def called(row: Answer) -> tuple[Group, str | None] | None:
            group = row["version"], row["label"]
            try:
                return group, (await labeller.label(row["item_id"], work.record(row))).name
            except Rejection as why:
                return None if why.bucket is Bucket.PENDING else (group, None)

        async with open_labelling(work) as labeller:
            return list(filter(None, await asyncio.gather(*map(called, islice(work.waiting(), number)))))

    with open_backlog(command.project_settings, command.engine, kind, Relabelling) as work:
        before = count_before(command.engine, kind.name, work.version)
        found = asyncio.run(ask())
    told = {"record_type": kind.name, "version": work.version, "records": sum(before.values()), "asked": len(found)}
    return {"sample": {**told, "flips": expected(before, tally(found)), "figures": work.figures}}


def relabel(command: TdcrawlCommand, kind: RecordType, mode: str) -> Answer:
    """Label the records anew, at once or by batches; raises SettingError or StoreError."""
    from tdcrawl.backlog import Relabelling  # noqa: PLC0415 - takes its time

    work = take_up(command, kind, mode, Relabelling)
    left = sum(count_before(command.engine, kind.name, work.version).values())
    told = {"record_type": kind.name, "version": work.version, "ends": dict(work.ends), "figures": work.figures}
    return {"relabelled": {**told, "left": left}, "review_tasks": count_tasks(command.engine)}


def show(console: Console, answer: Answer) -> None:
    """Print what it would cost and change, or what came of it."""
    if told := answer.get("plan"):
        console.print(
            f"{told['records']} {told['record_type']} records have labels of another version than {told['version']}"
        )
        console.print(
            f"{told['known']} of them need no call; the rest takes about {told['calls']} calls, "
            f"{told['usd_inline']:.4f} USD at once or {told['usd_batch']:.4f} USD by batch"
        )
        _show_flips(console, told["flips"], _FROM.get(told["from"] or "", ""))
    if told := answer.get("sample"):
        console.print(f"{told['asked']} records were asked about, {_figures(told)}; their labels stay as they are")
        _show_flips(console, told["flips"], "this sample")
    if told := answer.get("relabelled"):
        ends = ", ".join(f"{number} {end}" for end, number in told["ends"].items()) or "nothing decided yet"
        console.print(f"{told['record_type']}: {ends}; {_figures(told)}")
        console.print(f"{told['left']} have labels of another version still")


def _flips(
    connection: Connection, kind: RecordType, version: str, voted: VotesOnTexts, before: dict[Group, int]
) -> Answer:
    """Find what tells most directly how many labels would change."""
    for source, seen in _tallies(connection, kind, version, voted):
        if flips := expected(before, seen):
            return {"from": source, "flips": flips}
    return {"from": None, "flips": None}


def _tallies(
    connection: Connection, kind: RecordType, version: str, voted: VotesOnTexts
) -> Iterator[tuple[str, dict[Group, Seen]]]:
    yield "records", tally(both_called(voted, version))
    yield "gold", tally(both_called(votes_on_texts(connection, version, gold=True), version))
    yield "audits", seen_in_audits(audited(connection, kind.name))


def _show_flips(console: Console, flips: Answer | None, source: str) -> None:
    if flips is None:
        console.print("how many labels would change is unknown: --sample 200 --budget USD finds out")
        return
    low, high = flips["records"]
    console.print(
        f"{flips['share']:.1%} of the labels would change (95 %: {flips['low']:.1%} to {flips['high']:.1%}), "
        f"{low} to {high} records; from {flips['texts']} {source}"
    )
    table = Table(*_TOLD, box=None)
    for row in flips["labels"]:
        table.add_row(*("unknown" if row[name] is None else str(row[name]) for name in _TOLD))
    console.print(table)


def _figures(told: Answer) -> str:
    return figures_line(told["figures"]) or "nothing asked"
