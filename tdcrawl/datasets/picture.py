"""A picture of the training split before and after it was balanced."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from tdcrawl.drawing import GOOD, PALE, drawn, make_room, name_rows, write

_MOST_VALUES = 30


def picture(balanced: Mapping[str, Mapping[str, float]]) -> str:
    """Draw how frequent each value was and is, in rows and their share; of many values the most frequent ones."""
    by_number = sorted(balanced, key=lambda value: -balanced[value]["before"])[:_MOST_VALUES]
    before, after = ([balanced[value][what] for value in by_number] for what in ("before", "after"))
    found, rows = (sum(count[what] for count in balanced.values()) or 1 for what in ("before", "after"))

    def draw(axes: Axes) -> None:
        name_rows(axes, by_number)
        places = range(len(by_number))
        axes.barh([place - 0.2 for place in places], before, color=PALE, height=0.36, label="before")
        axes.barh([place + 0.2 for place in places], after, color=GOOD, height=0.36, label="after")
        for place in places:
            write(axes, before[place], place - 0.2, f"{before[place]:,} ({before[place] / found:.1%})")
            write(axes, after[place], place + 0.2, f"{after[place]:,} ({after[place] / rows:.1%})")
        make_room(axes, [*before, *after])
        axes.legend(loc="lower right")

    return drawn("balance", 2 * len(by_number) + 1, draw, is_opaque=True)
