"""DO WE NEED MORE? Seats by stratum: reserved while an item is on its way, taken when it is written."""

from collections import defaultdict
from collections.abc import Mapping


class SeatBook:
    """Hold the seats of each stratum that has a quota; a stratum without one has room for all."""

    def __init__(self, seats: Mapping[str, int], taken: Mapping[str, int]) -> None:
        self.seats = dict(seats)
        self._taken = {stratum: taken.get(stratum, 0) for stratum in seats}
        self._reserved: defaultdict[str, set[str]] = defaultdict(set)

    def is_full(self, stratum: str) -> bool:
        """Say whether all seats of a stratum are taken for good."""
        return stratum in self.seats and self._taken[stratum] >= self.seats[stratum]

    def reserve(self, stratum: str, item_id: str) -> set[str]:
        """Reserve a seat in a stratum that is not full; returns the items to wait for where all are spoken for."""
        reserved = self._reserved[stratum]
        if stratum not in self.seats or self._taken[stratum] + len(reserved) < self.seats[stratum]:
            reserved.add(item_id)
            return set()
        return set(reserved)

    def change(self, stratum: str, by: int) -> None:
        """Note that records of a stratum came or went (`by` below 0) in the wake of another item."""
        if stratum in self._taken:
            self._taken[stratum] += by

    def settle(self, stratum: str, item_id: str, accepted: bool) -> None:
        """Take the seat an item had reserved, or set it free."""
        self._reserved[stratum].discard(item_id)
        if accepted and stratum in self.seats:
            self._taken[stratum] += 1
