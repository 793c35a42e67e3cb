"""The pictures of a report."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tdcrawl.drawing import BAD, GOOD, INK, PALE, bars, drawn, make_room, name_rows, short, write

Lines = Sequence[dict[str, Any]]

_SITES = ("#b4532a", "#2f6690", "#d8a03d", "#5b8c6e", "#7d5a8c", "#6b7a87")
_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))


def funnel(steps: Lines) -> str:
    """Draw how many items each stage passed, and how many it stopped."""

    def draw(axes: Axes) -> None:
        names = [step["stage"] for step in steps]
        passed, rejected = ([step[what] for step in steps] for what in ("passed", "rejected"))
        bars(axes, names, passed, GOOD)
        axes.barh(range(len(steps)), rejected, left=passed, color=BAD, height=0.62)
        for place, step in enumerate(steps):
            stopped = f"  −{step['rejected']:,}" if step["rejected"] else ""
            write(axes, step["seen"], place, f"{step['passed']:,}{stopped}")
        make_room(axes, [step["seen"] for step in steps])

    return drawn("funnel", len(steps), draw)


def balance(strata: Lines) -> str:
    """Draw the records of each stratum beside its seats."""

    def draw(axes: Axes) -> None:
        bars(axes, [line["stratum"] for line in strata], [line["records"] for line in strata], GOOD)
        for place, line in enumerate(strata):
            label = f"{line['records']:,}"
            if line["seats"] is not None:
                axes.plot([line["seats"]] * 2, [place - 0.42, place + 0.42], color=BAD, linewidth=2)
                label += f" of {line['seats']:,} seats"
            write(axes, max(line["records"], line["seats"] or 0), place, label)
        make_room(axes, [max(line["records"], line["seats"] or 0) for line in strata])

    return drawn("balance", len(strata), draw)


def failures(lines: Lines) -> str:
    """Draw the failed items and pages by reason, a colour for each site."""
    sites = list(dict.fromkeys(line["site"] for line in lines))
    reasons = list(dict.fromkeys((line["what"], line["reason"]) for line in lines))

    def draw(axes: Axes) -> None:
        ends = [0] * len(reasons)
        name_rows(axes, [f"{what}: {reason}" for what, reason in reasons])
        for turn, site in enumerate(sites):
            here = {(line["what"], line["reason"]): line["number"] for line in lines if line["site"] == site}
            numbers, colour = [here.get(reason, 0) for reason in reasons], _SITES[turn % len(_SITES)]
            axes.barh(range(len(reasons)), numbers, left=ends, color=colour, height=0.62, label=short(site))
            ends = [end + number for end, number in zip(ends, numbers, strict=True)]
        for place, end in enumerate(ends):
            write(axes, end, place, f"{end:,}")
        make_room(axes, ends)
        if len(sites) > 1:
            axes.legend(loc="lower right")

    return drawn("failures", len(reasons), draw)


def coverage(runs: Lines) -> str:
    """Draw in which share of the new items of a run each field was found, and in those of earlier runs as dots."""
    *earlier, now = runs
    names = list(now["found"])

    def draw(axes: Axes) -> None:
        name_rows(axes, names)
        axes.barh(range(len(names)), [1] * len(names), color=PALE, height=0.62)
        axes.barh(range(len(names)), [_share(now, name) for name in names], color=GOOD, height=0.62)
        for place, name in enumerate(names):
            write(axes, 1.02, place, f"{_share(now, name):.1%}" if now["of"] else "no items")
            before = [_share(run, name) for run in earlier if run["of"]]
            axes.plot(before, [place] * len(before), "o", color="white", markeredgecolor=INK, markersize=4.5)
        axes.set_xlim(-0.02, 1.2)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1))

    return drawn("coverage", len(names), draw)


def pace(numbers: Sequence[int], seconds: int, what: str) -> str:
    """Draw how many pages or items a minute a run went through, over its time."""
    lasted = seconds * len(numbers)
    unit, name = next((unit, name) for unit, name in _UNITS if lasted >= 3 * unit or unit == 1)

    def draw(axes: Axes) -> None:
        edges = [place * seconds / unit for place in range(len(numbers) + 1)]
        a_minute = [number * 60 / seconds for number in numbers]
        axes.stairs(a_minute, edges, color=GOOD, alpha=0.15, fill=True)
        axes.stairs(a_minute, edges, color=GOOD, linewidth=1.4)
        axes.set(xlim=(0, edges[-1]), ylim=(0, max([1, *a_minute]) * 1.08), xlabel=f"{name} since the run began")
        axes.set_title(f"{what} a minute", loc="left", fontsize=9)
        axes.grid(axis="y")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")

    return drawn("pace", 6, draw)


def cost(accounts: Lines) -> str:
    """Draw what each run or command paid for votes."""

    def draw(axes: Axes) -> None:
        dollars = [line["usd"] for line in accounts]
        bars(axes, [line["began"][:16].replace("T", " ") for line in accounts], dollars, GOOD)
        for place, line in enumerate(accounts):
            write(axes, line["usd"], place, f"{line['usd']:,.4f} USD")
        axes.set(xlim=(0, 1.28 * max(dollars) or 1), xticks=[])

    return drawn("cost", len(accounts), draw)


def _share(run: dict[str, Any], name: str) -> float:
    share: float = run["found"].get(name, 0) / max(1, run["of"])
    return share
