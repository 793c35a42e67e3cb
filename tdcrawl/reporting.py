"""The ladder of numbers at the end of a run: what each stage saw, and where everything is."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from tdcrawl.outcomes import Bucket, PageState
from tdcrawl.store.ledger import Run
from tdcrawl.store.verify import LedgerCheck
from tdcrawl.verdict import Verdict

Stats = Mapping[str, Any]
_UNWRAPPED = 10_000
_WAITS = {Bucket.PENDING: "scrapy label --estimate says what it costs", Bucket.NEEDS_REVIEW: "scrapy review"}


def open_console() -> Console:
    """Open the standard output; where that is no terminal nothing is wrapped, so that each line can be searched."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _UNWRAPPED
    return console


def stage_ladder(stats: Stats, stages: list[str]) -> list[dict[str, Any]]:
    """List what each stage saw, passed and rejected, with the reasons, in the order of the stages."""
    ladder = []
    for stage in stages:
        prefix = f"tdcrawl/{stage}/"
        seen, passed, rejected = (stats.get(prefix + what, 0) for what in ("seen", "passed", "rejected"))
        reasons = with_prefix(stats, f"{prefix}rejected/")
        ladder.append({"stage": stage, "seen": seen, "passed": passed, "rejected": rejected, "reasons": reasons})
    return ladder


def run_figures(
    run: Run, stats: Stats, stages: list[str], check: LedgerCheck | None, verdict: Verdict
) -> dict[str, Any]:
    """Collect a run's figures as one JSON object."""
    return {
        "run": run.run_id,
        "site": run.site,
        "reason": verdict.reason,
        "seconds": stats.get("elapsed_time_seconds"),
        "items": _with_pending(stats, "items", "yielded", Bucket)
        | {name: _stat(stats, "items", name) for name in ("seen_again", "reopened", "moved")},
        "pages": _with_pending(stats, "pages", "scheduled", PageState),
        "strata": with_prefix(stats, "tdcrawl/strata/"),
        "page_reasons": {state: with_prefix(stats, f"tdcrawl/pages/{state}/") for state in ("failed", "skipped")},
        "stages": stage_ladder(stats, stages),
        "balanced": check is not None and check.balanced,
        "failures": verdict.failures,
        "warnings": verdict.warnings,
    }


def print_run(console: Console, figures: Mapping[str, Any], check: LedgerCheck | None, feeds: list[Path]) -> None:
    """Print the ladder, the ledger and the verdict."""
    lasted = f" after {figures['seconds']:.0f} s" if figures["seconds"] is not None else ""
    console.print(f"\nRun [bold]{figures['run']}[/] of {figures['site']}: {figures['reason']}{lasted}", highlight=False)
    console.print(stage_table(figures["stages"]))
    if moved := figures["items"]["moved"]:
        copies = _list_reasons(figures["reasons"].get(Bucket.DUPLICATE, {}))
        console.print(f"{moved} items moved when a better copy came, so in the end: {copies}", highlight=False)
    if check is not None:
        console.print("The whole ledger, with all sites and runs before this one:")
        print_ledger(console, check)
    for state, reasons in figures["page_reasons"].items():
        if reasons:
            console.print(f"pages {state}: {_list_reasons(reasons)}", highlight=False)
    for page in figures["failed_pages"]:
        console.print(f"  {page['url']} ({page['detail']})", highlight=False, markup=False, soft_wrap=True)
    for line in _waiting(figures["reasons"]):
        console.print(line, highlight=False)
    for feed in feeds:
        console.print(f"Wrote {feed}", highlight=False, markup=False, soft_wrap=True)
    for warning in [*figures["warnings"], *(alarm["message"] for alarm in figures["alarms"])]:
        console.print(f"[yellow]![/] {escape(warning)}", highlight=False)
    for failure in figures["failures"]:
        console.print(f"[red]✗[/] {escape(failure)}", highlight=False)


def print_ledger(console: Console, check: LedgerCheck) -> None:
    """Print both sides of the ledger's identity, and whether they are equal."""
    items, pages = check.items, check.pages
    kept = " + ".join(f"{items[bucket]} {bucket}" for bucket in Bucket)
    console.print(f"items: {items['yielded']} yielded = {kept}", highlight=False, soft_wrap=True)
    states = " + ".join(f"{pages[state]} {state}" for state in PageState)
    console.print(f"pages: {pages['scheduled']} scheduled = {states}", highlight=False, soft_wrap=True)
    if check.balanced:
        console.print("[green]✓ the ledger balances[/]")
    for problem in check.problems:
        console.print(f"[red]✗ {escape(problem)}[/]", highlight=False)


def _waiting(reasons: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for bucket, how in _WAITS.items():
        if waiting := sum(reasons.get(bucket, {}).values()):
            yield f"{waiting} items wait for a label: {how}"


def figures_line(figures: Mapping[str, float]) -> str:
    """Write figures in a line, with as many decimals as they have, four at most."""
    return ", ".join(f"{number:,.4f}".rstrip("0").rstrip(".") + f" {what}" for what, number in figures.items())


def _with_pending(stats: Stats, what: str, total: str, places: Iterable[str]) -> dict[str, int]:
    """Count by place; what is in no other place is pending."""
    counted = {place: _stat(stats, what, place) for place in places if place != "pending"}
    everything = _stat(stats, what, total)
    return {total: everything, **counted, "pending": everything - sum(counted.values())}


def _stat(stats: Stats, what: str, name: str) -> int:
    return int(stats.get(f"tdcrawl/{what}/{name}", 0))


def with_prefix(stats: Stats, prefix: str) -> dict[str, int]:
    """Pick the figures whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): stats[name] for name in sorted(stats) if name.startswith(prefix)}


def stage_table(ladder: list[dict[str, Any]]) -> Table:
    """Lay out what each stage saw, passed and rejected."""
    table = Table("stage", *(_number(name) for name in ("seen", "passed", "rejected")), "because", box=None)
    for step in ladder:
        numbers = (str(step[name]) for name in ("seen", "passed", "rejected"))
        table.add_row(escape(step["stage"]), *numbers, escape(_list_reasons(step["reasons"])))
    return table


def _list_reasons(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in reasons.items())


def _number(name: str) -> Column:
    return Column(name, justify="right")
