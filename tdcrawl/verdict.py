"""Was this run good? The ledger, the site's expectations and the way it ended, as failures and warnings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tdcrawl.drift import ENOUGH, Group
from tdcrawl.sites.profile import Expect, Read
from tdcrawl.store.verify import LedgerCheck

INTERRUPTED = 130
_GOOD_ENDS = {"finished", "limit_reached"}
Stats = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Say how a run ended: its reason, what makes it a failure, and what somebody should look at."""

    reason: str
    failures: list[str]
    warnings: list[str]

    @property
    def exit_status(self) -> int:
        """Give the exit status: 0, 1 where something failed, 130 where a signal ended a run that was good so far."""
        if self.failures:
            return 1
        return INTERRUPTED if self.reason == "shutdown" else 0


def judge(reason: str, stats: Stats, check: LedgerCheck, expect: Expect) -> Verdict:
    """Judge a run by its end, its figures, its ledger and what its site promises."""
    failures = [f"the ledger does not balance: {problem}" for problem in check.problems]
    if reason not in _GOOD_ENDS | {"shutdown"}:
        failures.append(f"the crawl did not finish: {reason}")
    failures += [f"stage {stage} did not close" for stage in _unclosed(stats)]
    warnings: list[str] = []
    for what, share, name in (
        ("items failed", _failed_share(stats), "max_failed_share"),
        ("items lost a field", _lost_share(stats), "max_failed_share"),
        ("pages failed", _failed_page_share(stats), "max_failed_page_share"),
    ):
        allowed = getattr(expect, name)
        if share > allowed:
            message = f"{share:.1%} of the {what}; the site's {name} is {allowed:.1%}"
            (failures if share > 2 * allowed else warnings).append(message)
    believable = _count(stats, "items/yielded") + _count(stats, "items/seen_again") - _count(stats, "items/failed")
    if reason == "finished" and believable < expect.min_records:
        failures.append(f"{believable} believable records were found; the site's min_records is {expect.min_records}")
    if _count(stats, "items/record") == 0:
        warnings += why_empty(stats)
    return Verdict(reason, failures, warnings)


def not_found(fields: Group, read: Read) -> Iterator[str]:
    """Name each field for which the site file has a selector, and which none of a run's new items has."""
    for name, selectors in {**read.fields, **read.page_fields}.items():
        if fields["of"] >= ENOUGH and fields["found"].get(name) == 0:
            yield f"none of {fields['of']} new items has {name}: is {selectors!r} still what it is called?"


def why_empty(stats: Stats) -> Iterator[str]:
    """Explain why a run kept no record: what happened to its pages and to its items."""
    yield "no record was kept:"
    for state in ("failed", "skipped"):
        for reason, number in _reasons(stats, f"tdcrawl/pages/{state}/"):
            yield f"  {number} pages {state} ({reason})"
    if not _count(stats, "items/yielded") and _count(stats, "pages/done"):
        yield f"  {_count(stats, 'pages/done')} pages were read and the reader found no new item on them"
    if _count(stats, "items/seen_again"):
        yield f"  {_count(stats, 'items/seen_again')} items have their outcome from earlier pages or runs"
    for bucket in ("failed", "duplicate", "over_quota", "needs_review", "pending"):
        if _count(stats, f"items/{bucket}"):
            yield f"  {_count(stats, f'items/{bucket}')} items: {bucket}"


def _failed_share(stats: Stats) -> float:
    # An item that failed in an earlier run and fails again is no news.
    failed = _count(stats, "items/failed") - _count(stats, "items/failed_again")
    return failed / max(1, _count(stats, "items/yielded") - _count(stats, "items/reopened"))


def _lost_share(stats: Stats) -> float:
    found = _count(stats, "items/yielded") + _count(stats, "items/seen_again")
    return _count(stats, "items/lost_field") / max(1, found)


def _failed_page_share(stats: Stats) -> float:
    failed = _count(stats, "pages/failed")
    return failed / max(1, failed + _count(stats, "pages/done"))


def _unclosed(stats: Stats) -> list[str]:
    return sorted(name.split("/")[1] for name in stats if name.endswith("/not_closed"))


def _reasons(stats: Stats, prefix: str) -> list[tuple[str, int]]:
    return sorted((key.removeprefix(prefix), number) for key, number in stats.items() if key.startswith(prefix))


def _count(stats: Stats, name: str) -> int:
    return int(stats.get(f"tdcrawl/{name}", 0))
