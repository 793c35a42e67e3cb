"""Measure how much of what is planted in invented reviews is masked, and how much of what is masked was planted."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.personal_corpus import KINDS, Case, planted_corpus
from tdcrawl.privacy import mask

_MASKED = re.compile(rf"\[({'|'.join(KINDS)})\]")

Span = tuple[str, int, int]
Figures = dict[str, dict[str, float]]


def main() -> None:
    """Mask the corpus as a crawl does; print precision and recall by kind and by locale, of all and of what is held back."""
    options = machine.parser("Precision and recall of masking, on sentences in several locales.").parse_args()
    cases = planted_corpus()
    figures = {"cases": len(cases), **measured(cases)}
    machine.report(f"Masking {len(cases)} sentences", figures, _in_words(figures), as_json=options.json)
    if not any(case.truth for case in cases):
        machine.fail("nothing is planted")


def measured(cases: Iterable[Case]) -> dict[str, Figures]:
    """Give precision and recall (0 to 1) by what was counted: all, the two halves, each kind, each locale.

    What is masked counts where kind, start and end are those of what was planted: a digit too few is a miss and a
    false one.
    """
    planted: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for case in cases:
        truth, found = set(case.truth), set(found_in(case.text))
        for counted, spans in ((planted, truth), (masked, found), (right, truth & found)):
            counted.update(name for span in spans for name in _counted_in(case, span))
    told = {name: {"planted": planted[name], "recall": _share(right[name], planted[name]),
                   "masked": masked[name], "precision": _share(right[name], masked[name])} for name in planted | masked}
    return told


def found_in(text: str) -> Iterator[Span]:
    """Find what masking replaces in a text: kind, start and end."""
    masked = mask(text)[0]
    pieces = _MASKED.split(masked)
    kept = "(.+?)".join(map(re.escape, pieces[::2]))
    was = re.fullmatch(kept, text, re.DOTALL)
    assert was, f"no text becomes this: {masked}"
    return ((kind, *was.span(place)) for place, kind in enumerate(pieces[1::2], 1))
