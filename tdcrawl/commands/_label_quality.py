"""`scrapy label gold` and `scrapy label quality`: how wrong the labels are."""

import asyncio
import csv
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.errors import SettingError
from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.prompt import question_of, text_hash
from tdcrawl.labeling.quality import against_gold, audits
from tdcrawl.outcomes import Rejection
from tdcrawl.records.base import RecordType
from tdcrawl.store.engine import reading
from tdcrawl.store.votes import GOLD


def quality(command: TdcrawlCommand) -> Answer:
    """Tell what people's audits say of the labels by votes, by record type."""
    with reading(command.engine) as connection:
        return {"quality": audits(connection)}


def gold(command: TdcrawlCommand, file: Path | None, kind: RecordType) -> Answer:
    """Ask for the labels of texts whose labels are known, and compare; raises SettingError or StoreError."""
    from tdcrawl.backlog import Backlog, open_backlog, open_labelling  # noqa: PLC0415 - takes its time

    rows = _rows(file, kind)
    with open_backlog(command.project_settings, command.engine, kind, Backlog) as backlog:

        async def ask() -> tuple[str, list[str | None]]:
            async with open_labelling(backlog) as labeller:
                return labeller.version, list(await asyncio.gather(*(_label(labeller, kind, text) for text, _ in rows)))

        version, given = asyncio.run(ask())
    said = list(zip([label for _, label in rows], given, strict=True))
    told = {"record_type": kind.name, "version": version, "texts": len(rows), "figures": backlog.figures}
    return {"gold": {**told, "unlabelled": given.count(None), "labels": against_gold(said, kind.labels)}}


def show(console: Console, answer: Answer) -> None:
    """Print precision by label."""
    for told in answer.get("quality", []):
        if not told["noise"]:
            console.print(f"{told['record_type']}: no label by votes was audited yet (scrapy review)")
            continue
        console.print(_table(told["labels"], ("version", "label", "audited", "confirmed", "precision", "low", "high")))
        rate = told["noise"]
        console.print(f"label noise {rate['noise']:.1%} (95 %: {rate['low']:.1%} to {rate['high']:.1%})")
    if told := answer.get("gold"):
        console.print(f"{told['texts']} texts, {told['unlabelled']} left to people or waiting; {told['version']}")
        console.print(_table(told["labels"], ("label", "gold", "given", "right", "precision", "low", "high", "recall")))


def _table(rows: list[Answer], names: tuple[str, ...]) -> Table:
    table = Table(*names, box=None)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    return table


def _rows(file: Path | None, kind: RecordType) -> list[tuple[str, str]]:
    if file is None:
        raise SettingError("scrapy label gold FILE.csv: name a CSV file with the columns text and label")
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = [(row["text"], row["label"]) for row in csv.DictReader(opened)]
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise SettingError(f"{file}: no CSV file in UTF-8 with the columns text and label ({error!r})") from error
    unknown = {label for _, label in rows} - set(kind.labels)
    if unknown:
        raise SettingError(f"{file}: {', '.join(sorted(unknown))}: the labels are {', '.join(kind.labels)}")
    return rows


async def _label(labeller: Labeller, kind: RecordType, text: str) -> str | None:
    shown = dict.fromkeys(question_of(kind).shown[:-1])
    record = kind.stored({**shown, question_of(kind).shown[-1]: text})
    try:
        return (await labeller.label(GOLD + text_hash(text)[: 32 - len(GOLD)], record)).name
    except Rejection:
        return None
