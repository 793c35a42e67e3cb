"""All that a manifest says of a version but what its rows say by themselves."""

from typing import Any

from tdcrawl import __version__
from tdcrawl.datasets.export import MAX_CSV_ROWS, written_by
from tdcrawl.datasets.plan import Authors, FreezePlan
from tdcrawl.datasets.selection import Selection
from tdcrawl.errors import DatasetError
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import columns_of
from tdcrawl.store import left_out, selection, versions
from tdcrawl.store.engine import Connection
from tdcrawl.store.versions import Version

SCHEMA_VERSION = 1


def describe(connection: Connection, plan: FreezePlan, chosen: Selection, parent: Version | None) -> dict[str, Any]:
    """Build all of a manifest that cannot be told from the rows; raises DatasetError where nothing can be frozen."""
    provenance = selection.provenance(connection, plan.wanted)
    without = left_out.counted(connection, plan.version)
    rows = versions.count_rows(connection, plan.version)
    if rows == 0:
        why = _why_none(provenance["ledger"], without)
        raise DatasetError(f"there are no {plan.record_type} records to freeze: {why}")
    if "csv" in plan.formats and rows >= MAX_CSV_ROWS:
        raise DatasetError(f"{rows} rows are too many for CSV (below {MAX_CSV_ROWS}): leave it to Parquet")
    columns = columns_of(RECORD_TYPES[plan.record_type])
    return {
        "schema_version": SCHEMA_VERSION,
        "version": plan.version,
        "parent_version": parent.name if parent else None,
        "record_type": plan.record_type,
        "code_version": __version__,
        "writer": written_by(plan.balance),
        "query": {"from": "records", "where": {"record_type": plan.record_type}},
        "parameters": plan.parameters,
        "columns": {name: column_type.value for name, column_type in columns.items()},
        "counts": chosen.counts(),
        "balanced": chosen.balanced(),
        "authors": Authors.TOGETHER if chosen.authors_together else Authors.SPLIT,
        "left_out": without,
        "provenance": provenance,
    }


def parent_of(connection: Connection, plan: FreezePlan) -> Version | None:
    """Find the version before, of the same record type."""
    number = int(plan.version.removeprefix("v"))
    earlier = [
        version
        for version in versions.versions(connection)
        if version.record_type == plan.record_type and version.number < number
    ]
    return earlier[-1] if earlier else None


def _why_none(ledger: dict[str, int], without: left_out.Counts) -> str:
    if number := left_out.number_of(without):
        return f"the sources of all {number} have opted out of training since they were collected"
    ended = ", ".join(f"{number} {name}" for name, number in ledger.items() if number)
    return f"the ledger has {ended}" if ended else "nothing was collected yet (scrapy crawl retailer_reviews -a site=…)"
