"""Measure how much of what is planted in sentences of several locales is masked, and how much of what is masked was."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.personal_corpus import KINDS, Case, Span, planted_corpus
from tdcrawl.privacy import mask, region_of

_MASKED = re.compile(rf"\[({'|'.join(KINDS)})\]")

Figures = dict[str, dict[str, float]]


def main() -> None:
    """Mask the corpus as a crawl of a site of each locale does; print precision and recall of each kind and locale."""
    options = machine.parser("Precision and recall of masking, on sentences of several locales.").parse_args()
    cases = planted_corpus()
    figures = {
        "learnt_from": measured(case for case in cases if not case.held_back),
        "held_back": measured(case for case in cases if case.held_back),
        "held_back_in_plain_en": measured((case for case in cases if case.held_back), "en"),
    }
    lines = (line for part, told in figures.items() for line in _in_words(part, told))
    title = f"Masking {len(cases)} sentences"
    machine.report(title, {"cases": len(cases), **figures}, lines, as_json=options.json)


def measured(cases: Iterable[Case], locale: str | None = None) -> Figures:
    """Give recall and precision (0 to 1), and what they are shares of: of all, of each kind, and of each locale.

    A mask is right where kind, start and end are those of what was planted: a digit too few is a miss, and a false
    one. The site file says the locale of a case, or this one.
    """
    planted, masked, right = Counter[str](), Counter[str](), Counter[str]()
    for case in cases:
        truth, found = set(case.truth), set(found_in(case.text, locale or case.locale))
        for counter, spans in ((planted, truth), (masked, found), (right, truth & found)):
            counter.update(name for kind, *_ in spans for name in ("all", kind, case.locale))
    locales = sorted((planted | masked).keys() - {"all", *KINDS})
    return {
        name: {
            "planted": planted[name],
            "recall": _share(right[name], planted[name]),
            "masked": masked[name],
            "precision": _share(right[name], masked[name]),
        }
        for name in ("all", *KINDS, *locales)
        if planted[name] or masked[name]
    }


def found_in(text: str, locale: str) -> Iterator[Span]:
    """Find what masking replaces in a text of a locale: kind, start and end."""
    pieces = _MASKED.split(mask(text, region_of(locale))[0])
    kept = re.fullmatch("(.+?)".join(map(re.escape, pieces[::2])), text, re.DOTALL)
    if kept is None:
        machine.fail(f"masking changed more than it marks: {text}")
    return ((kind, *kept.span(place)) for place, kind in enumerate(pieces[1::2], 1))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def _in_words(part: str, figures: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield f"{part.replace('_', ' ')}:"
    for name, told in figures.items():
        line = "  {name:8} recall {recall:6.1%} of {planted} planted, precision {precision:6.1%} of {masked} masked"
        yield line.format(name=name, **told)


if __name__ == "__main__":
    main()
