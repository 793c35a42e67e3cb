"""WHAT LIES BETWEEN two records of a rare label? Rows of numbers that are made up (SMOTE), and are no records."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from tdcrawl.errors import SettingError

REMEDY = "pip install imbalanced-learn"
_NEIGHBOURS = 5

Matrix = npt.NDArray[np.float64]


def is_installed() -> bool:
    """Say whether imbalanced-learn is there."""
    return find_spec("imblearn") is not None


def refuse_missing() -> None:
    """Raise SettingError where it is not."""
    if not is_installed():
        raise SettingError(f"--balance smote needs a package that is not here: {REMEDY}")


def writer() -> str:
    """Name what makes rows up: another version may make up others. Raises SettingError where it is not installed."""
    refuse_missing()
    return f"imbalanced-learn {version('imbalanced-learn')}"


def reachable(counts: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """Say how many of each label there can be: of one that fewer than two have, or all, no more than there are."""
    number = sum(counts.values())
    return {
        label: most if 2 <= counts.get(label, 0) < number else counts.get(label, 0) for label, most in wanted.items()
    }


def between(
    features: Sequence[Sequence[float]], labels: Sequence[str], wanted: Mapping[str, int], seed: str
) -> Iterator[tuple[str, list[float]]]:
    """Make up rows, each between one of its label and a neighbour of it, until there are as many of each as `wanted`.

    `features` has a row of numbers for each of `labels`; neighbours are found as if each column had a standard
    deviation of 1. Gives (label, numbers) by label.
    """
    counts = Counter(labels)
    lacking = [label for label, most in sorted(reachable(counts, wanted).items()) if most > counts[label]]
    if not lacking:
        return
    known = np.asarray(features, dtype=np.float64)
    middle, spread = known.mean(axis=0), known.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    for label in lacking:
        made = _made_up((known - middle) / scale, labels, label, wanted[label], seed)
        yield from ((label, row) for row in (made * scale + middle).tolist())


def _made_up(scaled: Matrix, labels: Sequence[str], label: str, wanted: int, seed: str) -> Matrix:
    from imblearn.over_sampling import SMOTE  # noqa: PLC0415 - an extra, and it takes its time

    mine = np.asarray([one == label for one in labels])
    sampler = SMOTE(
        # It tells two classes apart, and makes up one of them.
        sampling_strategy={True: wanted},
        k_neighbors=min(_NEIGHBOURS, int(mine.sum()) - 1),
        random_state=int.from_bytes(hashlib.sha256(f"{seed}\0{label}".encode()).digest()[:4]),
    )
    rows: Matrix = sampler.fit_resample(scaled, mine)[0]
    return rows[len(scaled) :]
