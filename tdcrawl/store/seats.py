"""The seats taken in each stratum: one for each record, counted in the transaction that writes them."""

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy import Connection, Engine, bindparam, func, select, update

from tdcrawl.store.inserting import insert_all
from tdcrawl.store.tables import quota_seats, records
from tdcrawl.store.updating import update_all

_ALL = select(quota_seats.c.stratum, quota_seats.c.taken).where(quota_seats.c.record_type == bindparam("of_type"))
_RECORDS_IN = (
    select(func.count())
    .select_from(records)
    .where(records.c.record_type == bindparam("of_type"), records.c.stratum == bindparam("in_stratum"))
)
_SET = (
    update(quota_seats)
    .where(quota_seats.c.record_type == bindparam("of_type"), quota_seats.c.stratum == bindparam("in_stratum"))
    .values(taken=bindparam("number"))
)


class Seats:
    """Count the seats of a record type during one transaction; `quota` bounds those of the strata it names."""

    def __init__(self, connection: Connection, record_type: str, quota: Mapping[str, int]) -> None:
        self._connection = connection
        self._record_type = record_type
        self._quota = quota
        self._taken_now: dict[str, int] = {}

    def are_full(self, stratum: str, freed: int = 0) -> bool:
        """Say whether a stratum has no seat, even after so many have been set free."""
        seats = self._quota.get(stratum)
        return seats is not None and self._taken(stratum) - freed >= seats

    def is_rare(self, stratum: str) -> bool:
        """Say whether no stratum that has records has fewer, and this one not half as many as an even share."""
        taken = [number for number in (self._stored | self._taken_now).values() if number > 0]
        mine = self._taken(stratum)
        return mine == min(taken, default=0) and 2 * mine * len(taken) < sum(taken)

    def change(self, stratum: str, by: int) -> None:
        """Take seats, or set them free where `by` is negative."""
        self._taken_now[stratum] = self._taken(stratum) + by

    def write(self) -> None:
        """Write the numbers that changed since the last time."""
        changed = {stratum: taken for stratum, taken in self._taken_now.items() if self._stored.get(stratum) != taken}
        new, known = changed.keys() - self._stored.keys(), changed.keys() & self._stored.keys()
        rows = [{"record_type": self._record_type, "stratum": name, "taken": changed[name]} for name in new]
        insert_all(self._connection, quota_seats, rows)
        rows = [{"of_type": self._record_type, "in_stratum": name, "number": changed[name]} for name in known]
        update_all(self._connection, _SET, rows)
        self._stored |= changed

    @cached_property
    def _stored(self) -> dict[str, int]:
        return _seats(self._connection, self._record_type)

    def _taken(self, stratum: str) -> int:
        if stratum not in self._taken_now:
            self._taken_now[stratum] = self._stored[stratum] if stratum in self._stored else self._count(stratum)
        return self._taken_now[stratum]

    def _count(self, stratum: str) -> int:
        return self._connection.scalar(_RECORDS_IN, {"of_type": self._record_type, "in_stratum": stratum}) or 0


def all_seats(engine: Engine, record_type: str) -> dict[str, int]:
    """Give the seats taken in each stratum that has any."""
    with engine.connect() as connection:
        return _seats(connection, record_type)


def _seats(connection: Connection, record_type: str) -> dict[str, int]:
    return {row.stratum: row.taken for row in connection.execute(_ALL, {"of_type": record_type})}
