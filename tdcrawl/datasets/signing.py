"""What workers compute of a corpus: the signature of a text, the pairs in a band, the judgement of a pair."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tdcrawl.datasets.corpus import text_of
from tdcrawl.dedup import near, pairing
from tdcrawl.dedup.judge import Text, compare
from tdcrawl.records.base import digest
from tdcrawl.records.columns import Row

# All in hexadecimal digits: on a column of bytes Daft 0.7 plans an inner join as a cross join, on texts as it should.
KEY_DIGITS, WORDING_DIGITS = 8, 32
_ENTRY_BYTES = WORDING_DIGITS // 2 + near.SKETCH_WORDS * 8 + 1

Places = npt.NDArray[np.int64]

_PAIRS_AT_ONCE = 4096


def signed(row: Row, *, settled: bool) -> Row:
    """Sign a row; rows of one corpus that have the same words and the same label are one wording.

    An entry is what is compared within a band: the wording, its sketch, and whether it is the other corpus's, which is
    settled.
    """
    text = text_of(row)
    signature = near.sign(text.normalised)
    wording = digest(str(settled), text.label, text.normalised)
    return {
        "record_id": text.item_id,
        "wording": wording,
        "keys": signature.keys.astype("<u4").tobytes().hex(),
        "entry": wording + signature.sketch.astype("<u8").tobytes().hex() + bytes([settled]).hex(),
        "normalised": text.normalised,
        "label": text.label,
        "rank": json.dumps(text.rank),
        "settled": settled,
    }


def pairs_within(groups: Sequence[Sequence[str]], most_apart: int) -> list[list[str]]:
    """Pair the entries of each group whose sketches are near enough: two wordings in a row, the smaller one first."""
    starts = np.cumsum([0, *map(len, groups)])
    flat = [entry for group in groups for entry in group]
    entries = np.frombuffer(bytes.fromhex("".join(flat)), np.uint8).reshape(-1, _ENTRY_BYTES)
    found = _found(starts, entries[:, WORDING_DIGITS // 2 :], most_apart)
    pairs = ["".join(sorted((flat[one][:WORDING_DIGITS], flat[other][:WORDING_DIGITS]))) for one, other in found]
    return [pairs[first:last] for first, last in pairwise(np.searchsorted(found[:, 0], starts))]


def verified(texts: Iterable[tuple[str, str, str, str]], threshold: float) -> list[dict[str, Any] | None]:
    """Compare pairs of texts (words and label of the one, of the other) by their tokens; None for those not alike."""
    return [
        _verified(Text("", one, label, ()), Text("", other, its, ()), threshold) for one, label, other, its in texts
    ]


def _verified(one: Text, other: Text, threshold: float) -> dict[str, Any] | None:
    match = compare(one, other, threshold)
    return None if match is None else {"likeness": match.likeness.value, "score": match.score}


def _found(starts: Places, entries: npt.NDArray[np.uint8], most_apart: int) -> Places:
    sketches = entries[:, :-1].copy().view("<u8")
    settled = entries[:, -1] > 0
    found = np.empty((_PAIRS_AT_ONCE, 2), np.int64)
    while (count := pairing.pair_up(starts, sketches, settled, most_apart, found)) > len(found):
        found = np.empty((count, 2), np.int64)
    return found[:count]
