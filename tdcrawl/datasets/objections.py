"""What speaks against a freeze, and can be accepted by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tdcrawl.datasets.plan import FreezePlan, Objection
from tdcrawl.errors import DatasetError
from tdcrawl.outcomes import Bucket
from tdcrawl.store import selection
from tdcrawl.store.engine import Connection
from tdcrawl.store.record_check import Look
from tdcrawl.store.verify import check

if TYPE_CHECKING:
    from tdcrawl.datasets.leaks import Watch

Objections = dict[str, str]
"""What was found, by the name under which it is accepted."""


def watching(plan: FreezePlan, scratch: Path) -> "Watch":
    """Build what looks at the records for leaks, with a folder to put things aside."""
    from tdcrawl.datasets.leaks import Watch  # noqa: PLC0415 - it takes its time, and other commands need it not

    return Watch(plan, scratch)


def before_reading(connection: Connection, plan: FreezePlan, look: Look) -> Objections:
    """Check the ledger as a whole, and let its records be watched; raises DatasetError for what is not accepted."""
    found: Objections = {}
    if problems := check(connection, look).problems:
        found[Objection.BROKEN_LEDGER] = f"the ledger does not balance (scrapy verify): {'; '.join(problems)}"
    found.update(_of_records(connection, plan))
    return _accepted(found, plan)


def before_choosing(connection: Connection, plan: FreezePlan) -> Objections:
    """Look at the records that are not left out by themselves; raises DatasetError for what is not accepted."""
    if closed := selection.closed_since(connection, plan.wanted):
        what = (
            f"{closed} records are of pages that robots.txt has closed to us since, whatever for "
            "(scrapy dataset erase --url or --site takes them out)"
        )
        return _accepted({Objection.OPT_OUTS: what}, plan)
    return {}


def before_sealing(connection: Connection, plan: FreezePlan, watch: "Watch", *, authors_together: bool) -> Objections:
    """Look at the rows that are to be frozen; raises DatasetError for what is not accepted."""
    leaks = watch.find(connection, authors_together=authors_together)
    if not leaks:
        return {}
    told = "; ".join(f"{number} {name} ({', '.join(ids)} …)" for name, (number, ids) in leaks.items())
    return _accepted({Objection.LEAKS: f"there are in more than one split: {told}"}, plan)


def _of_records(connection: Connection, plan: FreezePlan) -> Iterator[tuple[str, str]]:
    ledger = selection.ledger_counts(connection, plan.record_type)
    failed, items = ledger[Bucket.FAILED], sum(ledger[bucket] for bucket in Bucket)
    if failed > plan.max_failed_share * items:
        share = f"{failed} of {items} items failed, more than {plan.max_failed_share:.0%}"
        yield Objection.OPEN_FAILURES, f"{share} (scrapy failed list; scrapy failed replay)"


def _accepted(found: Objections, plan: FreezePlan) -> Objections:
    for name, what in found.items():
        if name not in plan.accept:
            raise DatasetError(f"{what}; nothing is frozen, unless you accept it: --accept {name}")
    return {str(name): found[name] for name in sorted(found)}
