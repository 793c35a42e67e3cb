"""Measure what finds a copy behind a shop's notice, and what takes two reviews for one because of a notice."""

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.reviews import invent_reviews
from tdcrawl.text import jaccard, normalise, tokens, without_notices

_REVIEWS = 2000
_SEED = 5
_THRESHOLD = 0.8
_NOTICE = "This review was collected as part of a promotion and first stood in another shop"
_QUOTED_WORDS = 15
_OWN_WORDS = 3
# A sentence that so many reviews begin or end with is taken for a notice.
_FREQUENT = 20
_SENTENCE = re.compile(r"[^.!?\]]+[.!?\]]*")

Same = Callable[[str, str], bool]
Pairs = Sequence[tuple[str, str]]


def main() -> None:
    """Compare the ways on copies behind notices, on strangers that share one, and on reviews that others contain."""
    options = machine.parser("Share of pairs that are called the same, by what is done about notices.").parse_args()
    texts = [str(review["text"]) for review in invent_reviews(_REVIEWS)]
    cases = _cases(texts)
    figures = {
        f"{way}: {case}": round(sum(same(*pair) for pair in pairs) / len(pairs), 3)
        for way, same in _ways(texts).items()
        for case, pairs in cases.items()
    }
    lines = (f"{name} {share:.3f}" for name, share in figures.items())
    machine.report(f"Pairs called the same, of {_REVIEWS} each", figures, lines, as_json=options.json)


def _cases(texts: Sequence[str]) -> dict[str, Pairs]:
    """Pair texts; only the first two cases are copies."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    others = chance.sample(texts, len(texts))
    short = [" ".join(text.split()[:_QUOTED_WORDS]) for text in texts]
    curt = [" ".join(text.split()[:_OWN_WORDS]) for text in texts]
    strangers = [(one, other) for one, other in zip(curt, chance.sample(curt, len(curt)), strict=True) if one != other]
    return {
        "copy behind [a notice]": [(text, f"[{_NOTICE}] {text}") for text in texts],
        "copy behind a notice without brackets": [(text, f"{_NOTICE}. {text}") for text in texts],
        "strangers of three words, each behind [a notice]": [
            (f"[{_NOTICE}] {a}", f"[{_NOTICE}] {b}") for a, b in strangers
        ],
        "strangers of three words, each behind a notice without brackets": [
            (f"{_NOTICE}. {a}", f"{_NOTICE}. {b}") for a, b in strangers
        ],
        "a short review, and a long one that says more": list(zip(short, texts, strict=True)),
        "strangers": [(one, other) for one, other in zip(texts, others, strict=True) if one != other],
    }


def _ways(texts: Sequence[str]) -> dict[str, Same]:
    behind = [*texts, *(f"{_NOTICE}. {text}" for text in texts[: len(texts) // 10])]
    return {
        "nothing": _by(normalise, jaccard),
        "brackets (ours)": _by(lambda text: normalise(without_notices(text)), jaccard),
        "containment": _by(normalise, _containment),
        "learned, all seen": _by(_stripping(behind), jaccard),
        "learned, none seen yet": _by(_stripping(texts), jaccard),
    }


def _by(normal: Callable[[str], str], likeness: Callable[[frozenset[str], frozenset[str]], float]) -> Same:
    return lambda one, other: likeness(tokens(normal(one)), tokens(normal(other))) >= _THRESHOLD


def _containment(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other))


def _stripping(seen: Iterable[str]) -> Callable[[str], str]:
    """Build what takes away first and last sentences that many of the seen texts have."""
    ends = Counter(end for sentences in map(_sentences, seen) for end in {sentences[0], sentences[-1]})

    def strip(text: str) -> str:
        sentences = _sentences(text)
        while len(sentences) > 1 and ends[sentences[0]] >= _FREQUENT:
            sentences = sentences[1:]
        while len(sentences) > 1 and ends[sentences[-1]] >= _FREQUENT:
            sentences = sentences[:-1]
        return " ".join(sentences)

    return strip


def _sentences(text: str) -> list[str]:
    return [normalise(sentence) for sentence in _SENTENCE.findall(text)] or [""]


if __name__ == "__main__":
    main()
