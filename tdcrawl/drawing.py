"""Drawing bars, as SVG to stand in a page: it needs no script and nothing from elsewhere."""

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import __version__, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WRITER = f"matplotlib {__version__}"
"""What draws: another version may draw the same with other bytes."""

INK, GREY, PALE, GOOD, BAD = "#22303c", "#6b7a87", "#e3e8ec", "#2f6690", "#b4532a"
_STYLE: dict[Any, Any] = {
    # Texts stay texts, in the fonts of the page; and what a site calls itself is no formula.
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "xtick.color": PALE,
    "xtick.labelcolor": GREY,
    "ytick.color": PALE,
    "ytick.labelcolor": INK,
    "ytick.major.size": 0,
    "legend.frameon": False,
}
_WIDTH = 5.2
_MOST_CHARACTERS = 40


def drawn(name: str, rows: int, draw: Callable[[Axes], None], *, is_opaque: bool = False) -> str:
    """Draw on an empty sheet with room for so many rows; the same figures give the same bytes.

    One that stands by itself, on a page of whatever colour, is opaque.
    """
    with rc_context({**_STYLE, "svg.hashsalt": name}):
        figure, sheet = Figure(figsize=(_WIDTH, 0.5 + 0.26 * rows), layout="constrained"), io.StringIO()
        draw(figure.subplots())
        figure.savefig(
            sheet,
            format="svg",
            transparent=not is_opaque,
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
        )
    svg = re.sub(r"<metadata>.*?</metadata>", "", sheet.getvalue(), flags=re.DOTALL)
    # Several pictures stand in one page, where an id must be of one thing.
    return re.sub(r'<g id="[^"]*">', "<g>", svg[svg.index("<svg") :])


def bars(axes: Axes, names: Sequence[str], lengths: Sequence[float], colour: str) -> None:
    """Draw a bar for each name."""
    name_rows(axes, names)
    axes.barh(range(len(names)), lengths, color=colour, height=0.62)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name the rows, from the top."""
    axes.set_yticks(range(len(names)), [short(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)


def write(axes: Axes, end: float, place: float, label: str) -> None:
    """Write behind a bar that ends there."""
    axes.annotate(label, (end, place), xytext=(4, 0), textcoords="offset points", va="center")


def make_room(axes: Axes, lengths: Sequence[float]) -> None:
    """Leave room at the right for what is written behind the bars."""
    axes.set_xlim(0, max([1, *lengths]) * 1.28)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def short(name: str) -> str:
    """Cut a name to what there is room for."""
    return name if len(name) <= _MOST_CHARACTERS else f"{name[: _MOST_CHARACTERS - 1]}…"
