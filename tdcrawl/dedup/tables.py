"""The inner loops over the tables of an index, compiled as those of kernels.py are.

A table has a line of slots for each band. A slot holds a key in its upper half and the number of a row, from 1 on, in
its lower; a row whose slot is taken stands in the next one. What leaves makes room for what stands behind it, so a
slot is taken or empty and every search ends. Nothing here knows of Python objects: index.py allocates.
"""

import numpy as np
from numba import types

from tdcrawl.dedup.kernels import (
    BIT_TABLE,
    BITS,
    READ_TABLE,
    ROWS,
    TABLE,
    WORDS,
    Bits,
    Rows,
    Words,
    alike,
    compiled,
    unlocked,
)

_EMPTY = 0
# Slots in a line of a processor's cache, of 64 bytes.
_LINE = 8


@compiled(types.int64(types.uint32, types.int64))
def home(key: np.uint32, slots: int) -> np.int64:
    """Give the slot at which a key is looked for first; larger keys have later ones, whatever the number of slots."""
    return np.int64((np.uint64(key) * np.uint64(slots)) >> np.uint64(32))


@compiled(types.int64(types.int64, types.int64))
def after(at: np.int64, slots: int) -> np.int64:
    """Give the slot after another one; the first comes after the last."""
    return np.int64(at + 1 if at + 1 < slots else 0)


@compiled(types.uint64(types.uint32, types.int64))
def packed(key: np.uint32, row: int | np.int64) -> np.uint64:
    """Give what the slot of a row holds."""
    return np.uint64((np.uint64(key) << np.uint64(32)) | np.uint64(row))


@compiled(types.void(BIT_TABLE, types.int64, types.uint32, types.int64))
def put(table: Bits, band: int, key: np.uint32, row: int | np.int64) -> None:
    """Enter a row under a key: in the first slot, from its home on, that is empty."""
    slots = table.shape[1]
    at = home(key, slots)
    while table[band, at] != _EMPTY:
        at = after(at, slots)
    table[band, at] = packed(key, row)


@compiled(types.void(BIT_TABLE, WORDS, types.int64))
def enter_one(table: Bits, keys: Words, row: int) -> None:
    """Enter a row (from 1 on) under its keys."""
    for band in range(table.shape[0]):
        put(table, band, keys[band], row)


@compiled(types.void(BIT_TABLE, READ_TABLE, ROWS))
def enter(table: Bits, keys: Words, rows: Rows) -> None:
    """Enter rows (from 1 on) under their keys, band by band."""
    for band in range(table.shape[0]):
        for place in range(rows.size):
            put(table, band, keys[place, band], rows[place])


@compiled(types.void(BIT_TABLE, types.int64))
def widen(table: Bits, before: int) -> None:
    """Give each band all slots of its line, where they stood one after another in `before` slots each.

    From the last band to the first: where one band comes to stand, there stood only later ones.
    """
    bands, slots = table.shape
    everything = table.reshape(bands * slots)
    moved = np.empty(before, np.uint64)
    for band in range(bands - 1, -1, -1):
        taken = 0
        for entry in everything[band * before : (band + 1) * before]:
            moved[taken] = entry
            # As a sum, not as a condition: which slots are taken no processor can guess.
            taken += entry != _EMPTY
        table[band] = _EMPTY
        for entry in moved[:taken]:
            put(table, band, np.uint32(entry >> np.uint64(32)), np.int64(np.uint32(entry)))


@compiled(types.void(BIT_TABLE, types.int64, types.int64))
def empty(table: Bits, band: int, gap: np.int64) -> None:
    """Empty a slot, moving up what would not be found behind it: Knuth's deletion from linear probing (6.4, R)."""
    slots = table.shape[1]
    at = after(gap, slots)
    while table[band, at] != _EMPTY:
        entry = table[band, at]
        first = home(np.uint32(entry >> np.uint64(32)), slots)
        # How far it stands from its home, and from the gap.
        if (at - first + slots) % slots >= (at - gap + slots) % slots:
            table[band, gap] = entry
            gap = at
        at = after(at, slots)
    table[band, gap] = _EMPTY


@compiled(types.void(BIT_TABLE, WORDS, types.int64))
def free(table: Bits, keys: Words, row: int) -> None:
    """Take a row out of all bands."""
    slots = table.shape[1]
    firsts = np.empty(table.shape[0], np.uint64)
    # Asked for at once, as in `search`.
    for band in range(table.shape[0]):
        firsts[band] = table[band, home(keys[band], slots)]
    for band in range(table.shape[0]):
        wanted = packed(keys[band], row)
        at, entry = home(keys[band], slots), firsts[band]
        while entry != wanted:
            at = after(at, slots)
            entry = table[band, at]
        empty(table, band, at)


@compiled(types.int64(ROWS, types.int64, types.int64, types.int64))
def note(found: Rows, start: int, end: int, row: int | np.int64) -> int:
    """Append a row that is not in `found[start:end]`; gives the new end, though `found` may not reach so far."""
    for earlier in range(start, min(end, found.size)):
        if found[earlier] == row:
            return end
    if end < found.size:
        found[end] = row
    return end + 1


@compiled(types.int64(WORDS, BITS, types.int64, BIT_TABLE, BIT_TABLE, ROWS, types.int64, ROWS))
def search(
    keys: Words, sketch: Bits, most_apart: int, table: Bits, sketches: Bits, found: Rows, start: int, rooms: Rows
) -> int:
    """Append to `found`, from `start` on, the rows that share a band with a text and nearly have its sketch.

    Returns where they end; what `found` cannot hold is counted, not kept. `rooms` gets the slots that would take it.
    """
    end, slots = start, table.shape[1]
    firsts = np.empty(table.shape[0], np.uint64)
    # Asked for one after another, without a look at any, so that memory fetches for all bands at a time. Of the later
    # slots it is the fetching alone that counts: they stand in the line of the cache that is asked for next, mostly.
    for band in range(table.shape[0]):
        at = home(keys[band], slots)
        firsts[band] = table[band, at]
        rooms[band] = table[band, min(at + _LINE, slots - 1)]
    for band in range(table.shape[0]):
        at, entry = home(keys[band], slots), firsts[band]
        while entry != _EMPTY:
            key, row = np.uint32(entry >> np.uint64(32)), np.int64(np.uint32(entry))
            if key == keys[band] and alike(sketch, sketches[row], most_apart):
                end = note(found, start, end, row)
            at = after(at, slots)
            entry = table[band, at]
        rooms[band] = at
    return end


@unlocked(types.int64(TABLE, BIT_TABLE, types.int64, BIT_TABLE, BIT_TABLE, ROWS, ROWS))
def search_all(
    keys: Words, texts: Bits, most_apart: int, table: Bits, sketches: Bits, places: Rows, found: Rows
) -> int:
    """Search for texts, by their keys and their sketches, one after another: `found[n]` is near text `places[n]`.

    Returns how many pairs there are; what `found` cannot hold is counted, not kept.
    """
    end = 0
    rooms = np.empty(table.shape[0], np.int64)
    for place in range(keys.shape[0]):
        start = end
        end = search(keys[place], texts[place], most_apart, table, sketches, found, start, rooms)
        places[start:end] = place
    return end


@compiled(types.int64(ROWS, TABLE, types.int64, BIT_TABLE, BIT_TABLE, ROWS, ROWS))
def stream(rows: Rows, keys: Words, most_apart: int, table: Bits, sketches: Bits, places: Rows, found: Rows) -> int:
    """Enter rows one after another, each after a search: `found[n]` was there before `rows[places[n]]`.

    Returns how many pairs there are; what `found` cannot hold is counted, not kept.
    """
    end = 0
    rooms = np.empty(table.shape[0], np.int64)
    for place in range(rows.size):
        start = end
        row = rows[place]
        end = search(keys[place], sketches[row], most_apart, table, sketches, found, start, rooms)
        places[start:end] = place
        for band in range(table.shape[0]):
            table[band, rooms[band]] = packed(keys[place, band], row)
    return end
