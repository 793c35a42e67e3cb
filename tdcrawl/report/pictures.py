"""The pictures of a report, as SVG to stand in the page: they need no script and nothing from elsewhere."""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

Lines = Sequence[dict[str, Any]]

_INK, _GREY, _PALE, _GOOD, _BAD = "#22303c", "#6b7a87", "#e3e8ec", "#2f6690", "#b4532a"
_SITES = ("#b4532a", "#2f6690", "#d8a03d", "#5b8c6e", "#7d5a8c", "#6b7a87")
_STYLE: dict[Any, Any] = {
    # Texts stay texts, in the fonts of the page; and what a site calls itself is no formula.
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _PALE,
    "axes.labelcolor": _GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": _PALE,
    "xtick.color": _PALE,
    "xtick.labelcolor": _GREY,
    "ytick.color": _PALE,
    "ytick.labelcolor": _INK,
    "ytick.major.size": 0,
    "legend.frameon": False,
}
_UNITS = ((3600, "hours"), (60, "minutes"), (1, "seconds"))
_WIDTH = 5.2
_MOST_CHARACTERS = 40


def funnel(steps: Lines) -> str:
    """Draw how many items each stage passed, and how many it stopped."""

    def draw(axes: Axes) -> None:
        names = [step["stage"] for step in steps]
        passed, rejected = ([step[what] for step in steps] for what in ("passed", "rejected"))
        _bars(axes, names, passed, _GOOD)
        axes.barh(range(len(steps)), rejected, left=passed, color=_BAD, height=0.62)
        for place, step in enumerate(steps):
            stopped = f"  −{step['rejected']:,}" if step["rejected"] else ""
            _write(axes, step["seen"], place, f"{step['passed']:,}{stopped}")
        _make_room(axes, [step["seen"] for step in steps])

    return _drawn("funnel", len(steps), draw)


def balance(strata: Lines) -> str:
    """Draw the records of each stratum beside its seats."""

    def draw(axes: Axes) -> None:
        _bars(axes, [line["stratum"] for line in strata], [line["records"] for line in strata], _GOOD)
        for place, line in enumerate(strata):
            label = f"{line['records']:,}"
            if line["seats"] is not None:
                axes.plot([line["seats"]] * 2, [place - 0.42, place + 0.42], color=_BAD, linewidth=2)
                label += f" of {line['seats']:,} seats"
            _write(axes, max(line["records"], line["seats"] or 0), place, label)
        _make_room(axes, [max(line["records"], line["seats"] or 0) for line in strata])

    return _drawn("balance", len(strata), draw)


def failures(lines: Lines) -> str:
    """Draw the failed items and pages by reason, a colour for each site."""
    sites = list(dict.fromkeys(line["site"] for line in lines))
    reasons = list(dict.fromkeys((line["what"], line["reason"]) for line in lines))

    def draw(axes: Axes) -> None:
        ends = [0] * len(reasons)
        _name_rows(axes, [f"{what}: {reason}" for what, reason in reasons])
        for turn, site in enumerate(sites):
            here = {(line["what"], line["reason"]): line["number"] for line in lines if line["site"] == site}
            numbers, colour = [here.get(reason, 0) for reason in reasons], _SITES[turn % len(_SITES)]
            axes.barh(range(len(reasons)), numbers, left=ends, color=colour, height=0.62, label=_short(site))
            ends = [end + number for end, number in zip(ends, numbers, strict=True)]
        for place, end in enumerate(ends):
            _write(axes, end, place, f"{end:,}")
        _make_room(axes, ends)
        if len(sites) > 1:
            axes.legend(loc="lower right")

    return _drawn("failures", len(reasons), draw)


def coverage(runs: Lines) -> str:
    """Draw in which share of the new items of a run each field was found, and in those of earlier runs as dots."""
    *earlier, now = runs
    names = list(now["found"])

    def draw(axes: Axes) -> None:
        _name_rows(axes, names)
        axes.barh(range(len(names)), [1] * len(names), color=_PALE, height=0.62)
        axes.barh(range(len(names)), [_share(now, name) for name in names], color=_GOOD, height=0.62)
        for place, name in enumerate(names):
            _write(axes, 1.02, place, f"{_share(now, name):.1%}" if now["of"] else "no items")
            before = [_share(run, name) for run in earlier if run["of"]]
            axes.plot(before, [place] * len(before), "o", color="white", markeredgecolor=_INK, markersize=4.5)
        axes.set_xlim(-0.02, 1.2)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1))

    return _drawn("coverage", len(names), draw)


def pace(numbers: Sequence[int], seconds: int, what: str) -> str:
    """Draw how many pages or items a minute a run went through, over its time."""
    lasted = seconds * len(numbers)
    unit, name = next((unit, name) for unit, name in _UNITS if lasted >= 3 * unit or unit == 1)

    def draw(axes: Axes) -> None:
        edges = [place * seconds / unit for place in range(len(numbers) + 1)]
        a_minute = [number * 60 / seconds for number in numbers]
        axes.stairs(a_minute, edges, color=_GOOD, alpha=0.15, fill=True)
        axes.stairs(a_minute, edges, color=_GOOD, linewidth=1.4)
        axes.set(xlim=(0, edges[-1]), ylim=(0, max([1, *a_minute]) * 1.08), xlabel=f"{name} since the run began")
        axes.set_title(f"{what} a minute", loc="left", fontsize=9)
        axes.grid(axis="y")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_formatter("{x:,.0f}")

    return _drawn("pace", 6, draw)


def _drawn(name: str, rows: int, draw: Callable[[Axes], None]) -> str:
    """Draw on an empty sheet with room for so many rows; the same figures give the same bytes."""
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure, sheet = Figure(figsize=(_WIDTH, 0.5 + 0.26 * rows), layout="constrained"), io.StringIO()
        draw(figure.subplots())
        figure.savefig(
            sheet, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    svg = re.sub(r"<metadata>.*?</metadata>", "", sheet.getvalue(), flags=re.DOTALL)
    # Several pictures stand in one page, where an id must be of one thing.
    return re.sub(r'<g id="[^"]*">', "<g>", svg[svg.index("<svg") :])


def _bars(axes: Axes, names: Sequence[str], lengths: Sequence[int], colour: str) -> None:
    _name_rows(axes, names)
    axes.barh(range(len(names)), lengths, color=colour, height=0.62)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [_short(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)


def _write(axes: Axes, end: float, place: int, label: str) -> None:
    axes.annotate(label, (end, place), xytext=(4, 0), textcoords="offset points", va="center")


def _make_room(axes: Axes, lengths: Sequence[int]) -> None:
    """Leave room at the right for what is written behind the bars."""
    axes.set_xlim(0, max([1, *lengths]) * 1.28)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def _share(run: dict[str, Any], name: str) -> float:
    share: float = run["found"].get(name, 0) / max(1, run["of"])
    return share


def _short(name: str) -> str:
    return name if len(name) <= _MOST_CHARACTERS else f"{name[: _MOST_CHARACTERS - 1]}…"
