"""The tables of an index: whatever comes and goes, each row is found, and what went leaves no trace."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.dedup import tables
from tdcrawl.dedup.near import BANDS, SKETCH_WORDS

_SLOTS = 13
# Few homes, the last slots among them: rows get in each other's way, and the ways go round the end.
_KEYS = st.sampled_from([0, 1, 2**30, 2**31, 2**32 - 2, 2**32 - 1])
_ROWS = range(1, 11)


def empty_table() -> np.ndarray:
    return np.zeros((BANDS, _SLOTS), np.uint64)


def band_keys(key: int) -> np.ndarray:
    return np.full(BANDS, key, np.uint32)


def found_in(table: np.ndarray, key: int) -> set[int]:
    found, sketch = np.empty(len(_ROWS), np.int64), np.zeros(SKETCH_WORDS, np.uint64)
    sketches = np.zeros((len(_ROWS) + 1, SKETCH_WORDS), np.uint64)
    end = tables.search(band_keys(key), sketch, 0, table, sketches, found, 0, np.empty(BANDS, np.int64))
    return set(found[:end].tolist())


@given(st.lists(st.tuples(st.sampled_from(_ROWS), _KEYS), max_size=60))
def test_search_finds_what_is_there_after_any_coming_and_going(visits: list[tuple[int, int]]) -> None:
    table, there = empty_table(), dict[int, int]()
    for row, key in visits:
        # A row that is there goes, another comes.
        if row in there:
            tables.free(table, band_keys(there.pop(row)), row)
        else:
            tables.enter(table, band_keys(key).reshape(1, -1), np.array([row]))
            there[row] = key
    assert np.count_nonzero(table) == BANDS * len(there)
    for key in (0, 1, 2**30, 2**31, 2**32 - 2, 2**32 - 1):
        assert found_in(table, key) == {row for row, its_key in there.items() if its_key == key}
