"""The bar of a freeze: drawn on a terminal, and nowhere else."""

from argparse import Namespace
from io import StringIO

from rich.console import Console

from tdcrawl.commands._bar import bar
from tdcrawl.store.telling import counted


def drawn(terminal: bool, as_json: bool) -> str:
    """Count 2,500 rows and two files; what is drawn of that."""
    console = Console(file=StringIO(), force_terminal=terminal, width=80)
    with bar(Namespace(json=as_json), console) as tell:
        assert len(list(counted(range(2_500), tell, "rows", 2_500))) == 2_500
        for number in range(3):
            tell("files uploaded", number, 2)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_bar_is_drawn_on_a_terminal() -> None:
    shown = drawn(terminal=True, as_json=False)
    assert "2500/2500" in shown
    assert "files uploaded" in shown
    assert "2/2" in shown


def test_nothing_is_drawn_elsewhere() -> None:
    assert drawn(terminal=False, as_json=False) == drawn(terminal=True, as_json=True) == ""


def test_counted_tells_the_beginning_now_and_then_and_the_end() -> None:
    told: list[int] = []
    list(counted(range(2_500), lambda _what, done, of: told.extend((done, of)), "rows", 3_000))
    assert told == [0, 3_000, 1_000, 3_000, 2_000, 3_000, 2_500, 2_500]
