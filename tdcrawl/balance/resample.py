"""WHICH RECORDS STAY? Undersampling that depends on the records alone, never on the order they come in."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from tdcrawl.errors import DatasetError
from tdcrawl.records.base import digest


def cap(counts: Mapping[str, int], max_share: float) -> int | None:
    """Find the most records any one label may keep so that none exceeds its share; None where all may stay.

    Like water in joined vessels: the labels above the cap are cut to it, the others stay whole. Raises DatasetError
    where no cut can help, because there are too few labels.
    """
    present = {label: number for label, number in sorted(counts.items()) if number}
    share = Fraction(str(max_share))
    if not _exceeds(max(present.values(), default=0), present, share):
        return None
    if _exceeds(1, present, share):
        raise DatasetError(
            f"no label can be held to {max_share:.0%} of the training split: it has {_listed(present)}. "
            "Collect more of the others, choose a larger --max-share, or --balance none"
        )
    return _largest_cap(present, share)


def rank(record_id: str, salt: str) -> str:
    """Give a record its place in the draw: the lowest ranks of a label stay."""
    return digest(salt, record_id)


def last_kept(ranks: Mapping[str, Sequence[str]], limit: int) -> dict[str, str]:
    """Find, for each label that has more records than the limit, the highest rank that stays."""
    return {label: sorted(drawn)[limit - 1] for label, drawn in ranks.items() if len(drawn) > limit}


def _largest_cap(counts: Mapping[str, int], share: Fraction) -> int:
    # Whoever exceeds the share at some cap exceeds it at every larger one.
    fits, exceeds = 1, max(counts.values())
    while exceeds - fits > 1:
        middle = (fits + exceeds) // 2
        fits, exceeds = (fits, middle) if _exceeds(middle, counts, share) else (middle, exceeds)
    return fits


def _exceeds(limit: int, counts: Mapping[str, int], share: Fraction) -> bool:
    return limit > share * sum(min(number, limit) for number in counts.values())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {label}" for label, number in counts.items())
