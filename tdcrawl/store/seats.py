"""The seats taken in each stratum: one for each record, counted in the transaction that writes them."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from tdcrawl.store.tables import quota_seats, records

_TAKEN = select(quota_seats.c.taken).where(
    quota_seats.c.record_type == bindparam("of_type"), quota_seats.c.stratum == bindparam("in_stratum")
)
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
        self._written: dict[str, int] = {}

    def are_full(self, stratum: str, freed: int = 0) -> bool:
        """Say whether a stratum has no seat, even after so many have been set free."""
        seats = self._quota.get(stratum)
        return seats is not None and self._taken(stratum) - freed >= seats

    def is_rare(self, stratum: str) -> bool:
        """Say whether no stratum that has records has fewer, and this one not half as many as an even share."""
        stored = {row.stratum: row.taken for row in self._connection.execute(_ALL, {"of_type": self._record_type})}
        taken = [number for number in (stored | self._taken_now).values() if number > 0]
        mine = self._taken(stratum)
        return mine == min(taken, default=0) and 2 * mine * len(taken) < sum(taken)

    def change(self, stratum: str, by: int) -> None:
        """Take seats, or set them free where `by` is negative."""
        self._taken_now[stratum] = self._taken(stratum) + by

    def write(self) -> None:
        """Write the numbers that changed since the last time."""
        for stratum, taken in self._taken_now.items():
            if self._written.get(stratum) != taken:
                self._set(stratum, taken)
                self._written[stratum] = taken

    def _taken(self, stratum: str) -> int:
        if stratum not in self._taken_now:
            self._taken_now[stratum] = seats_taken(self._connection, self._record_type, stratum)
        return self._taken_now[stratum]

    def _set(self, stratum: str, taken: int) -> None:
        changed = {"of_type": self._record_type, "in_stratum": stratum, "number": taken}
        if self._connection.execute(_SET, changed).rowcount == 0:
            row = {"record_type": self._record_type, "stratum": stratum, "taken": taken}
            self._connection.execute(insert(quota_seats), [row])


def all_seats(engine: Engine, record_type: str) -> dict[str, int]:
    """Give the seats taken in each stratum that has any."""
    with engine.connect() as connection:
        return {row.stratum: row.taken for row in connection.execute(_ALL, {"of_type": record_type})}


def seats_taken(connection: Connection, record_type: str, stratum: str) -> int:
    """Count the seats taken in a stratum."""
    where = {"of_type": record_type, "in_stratum": stratum}
    taken: int | None = connection.scalar(_TAKEN, where)
    return taken if taken is not None else connection.scalar(_RECORDS_IN, where) or 0
