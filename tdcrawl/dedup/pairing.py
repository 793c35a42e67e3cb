"""The inner loop that pairs texts which are all there at once, group by group; compiled as those of kernels.py are."""

import numpy as np
import numpy.typing as npt
from numba import types

from tdcrawl.dedup import kernels
from tdcrawl.dedup.kernels import Bits, Rows


@kernels.compiled(types.int64(kernels.ROWS, kernels.BIT_TABLE, types.boolean[::1], types.int64, types.int64[:, ::1]))
def pair_up(starts: Rows, sketches: Bits, settled: npt.NDArray[np.bool_], most_apart: int, found: Rows) -> int:
    """Collect the pairs of rows, within each group, whose sketches differ in few enough bits; returns how many.

    `starts` says where each group begins, and at last where the last one ends. Two settled rows are no pair. More
    pairs than `found` can hold are counted, not kept.
    """
    count = 0
    for group in range(starts.size - 1):
        for row in range(starts[group], starts[group + 1]):
            for other in range(row + 1, starts[group + 1]):
                if settled[row] and settled[other]:
                    continue
                if kernels.alike(sketches[row], sketches[other], most_apart):
                    if count < found.shape[0]:
                        found[count, 0], found[count, 1] = row, other
                    count += 1
    return count
