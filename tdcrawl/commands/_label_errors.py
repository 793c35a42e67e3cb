"""`scrapy label errors`: labels that the other records belie, and people are asked about them."""

from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from tdcrawl.command import Answer, TdcrawlCommand
from tdcrawl.labeling.label_errors import LEAST, Named, label_errors, learnable
from tdcrawl.labeling.prompt import shown_text
from tdcrawl.records.base import RecordType
from tdcrawl.records.naming import PERSON
from tdcrawl.store.engine import reading, writing
from tdcrawl.store.selection import Wanted, stored_records
from tdcrawl.store.waiting import doubt

_LEAST_PRIORITY, _SPAN = 11, 9
"""Between texts that look like orders and votes that quarrel; the greater the margin, the earlier."""


def find(command: TdcrawlCommand, kind: RecordType, most: int) -> Answer:
    """Find labels that are likely wrong, and ask people about the likeliest; raises SettingError or StoreError."""
    with reading(command.engine) as connection:
        rows = list(stored_records(connection, Wanted(kind.name)))
    named = [_named(kind, row) for row in rows]
    by_people = {row["record_id"] for row in rows if row["label_source"] == PERSON}
    doubts = [one for one in label_errors(named) if one.record_id not in by_people]
    priorities = {one.record_id: _LEAST_PRIORITY + round(_SPAN * max(0.0, one.margin)) for one in doubts}
    with writing(command.engine) as connection:
        asked = set(doubt(connection, priorities, kind.name, most))
    told = [asdict(one) for one in doubts if one.record_id in asked]
    left_out = sorted({one.label for one in named} - learnable(named))
    return {
        "errors": {
            "record_type": kind.name,
            "records": len(named),
            "left_out": left_out,
            "found": len(doubts),
            "asked": told,
        }
    }


def show(console: Console, answer: Answer) -> None:
    """Print what people are asked about."""
    if not (told := answer.get("errors")):
        return
    console.print(
        f"{told['records']} {told['record_type']} records: {told['found']} labels are in doubt; people are asked about "
        f"{len(told['asked'])} more (scrapy review)"
    )
    for label in told["left_out"]:
        console.print(
            f"fewer than {LEAST} different texts are called {label}: nothing can be learnt of it", markup=False
        )
    table = Table("record", "is called", "rather", "margin", box=None)
    for one in told["asked"]:
        table.add_row(one["record_id"], one["label"], one["likely"], f"{one['margin']:.2f}")
    console.print(table)


def _named(kind: RecordType, row: Answer) -> Named:
    return Named(row["record_id"], shown_text(kind, kind.stored(row["data"])), row["label"], row["cluster_id"])
