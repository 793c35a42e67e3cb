"""Placing records among those there are: of two copies the better one is kept, in whatever order they come.

What is kept depends on the records alone: each one for which no better copy is kept. So a better copy that comes late
turns a record into its duplicate, and what repeated only that record is placed anew.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from tdcrawl.likeness import Judgement, Likeness, Match
from tdcrawl.outcomes import Bucket, DedupReason, LabelReason, Move, QuotaReason, Rejection
from tdcrawl.records.naming import Label
from tdcrawl.store import bands, clusters, waiting
from tdcrawl.store.inserting import insert_all
from tdcrawl.store.label_tables import labels, unlabelled
from tdcrawl.store.look_up import among
from tdcrawl.store.rows import Row, Run, decision_row, duplicate_row, item_row, settled_row, surplus_row, with_label
from tdcrawl.store.seats import Seats
from tdcrawl.store.tables import RECORD_COLUMNS, dedup_bands, duplicates, outcomes, over_quota, records
from tdcrawl.store.terms import Terms

STAGE = "write_record"
_REASONS = {Likeness.EXACT: DedupReason.EXACT_DUPLICATE, Likeness.NEAR: DedupReason.NEAR_DUPLICATE}
SETTLE = (
    update(outcomes)
    .where(outcomes.c.item_id == bindparam("item"))
    .values(
        bucket=bindparam("place"), stage=bindparam("at_stage"), reason=bindparam("why"), detail=bindparam("more"),
        at=bindparam("now"),
    )
)  # fmt: skip
_RECORDS = select(records).where(among(records.c.record_id))
_SETTLE_AS_RECORDS = (
    update(outcomes)
    .where(among(outcomes.c.item_id))
    .values(bucket=Bucket.RECORD, stage=None, reason=None, detail=None, at=bindparam("now"))
)


class Placement:
    """Place the newcomers of one transaction; `write` inserts what has gathered."""

    def __init__(self, connection: Connection, run: Run, terms: Terms) -> None:
        self._connection = connection
        self._run_id = run.run_id
        self._same = terms.sameness
        self._type = terms.record_type
        self._sampling = terms.sampling
        self._seats = Seats(connection, terms.record_type.name, terms.quota)
        self._kept: dict[str, tuple[Row, Label, bytes]] = {}
        self._moves: list[Move] = []
        self._same.catch_up(connection)

    def place(self, row: Row, label: Label, signature: Any) -> Rejection | list[Move]:
        """Keep a record, and tell what moved for it; or say why it is not kept."""
        signature = self._same.sign(row) if signature is None else signature
        judgement = self._judge(row, signature)
        if judgement.better:
            return repeats(judgement.better[0])
        if self._is_surplus(row, judgement.worse):
            return _surplus(row)
        self._moves = []
        self._keep(row, label, signature, judgement)
        return self._moves

    def withdraw(self, record_id: str) -> Row:
        """Take a record out of `records`, placing anew what repeated only it; whoever asks says where it is then."""
        (row,) = records_of(self._connection, {record_id})
        self.withdraw_all([row])
        return row

    def withdraw_all(self, rows: Iterable[Row]) -> None:
        """Take records out of `records`, all before what repeated only them is placed anew."""
        orphans = [orphan for row in rows for orphan in self._take_out(row)]
        for orphan in sorted(orphans, key=self._same.rank):
            self._place_anew(orphan)

    def write(self) -> None:
        """Insert the records that were kept since the last time, and the seats they take."""
        kept, self._kept = self._kept, {}
        if kept:
            now = datetime.now(UTC)
            self._connection.execute(_SETTLE_AS_RECORDS, {"ids": list(kept), "now": now})
            rows = [{**with_label(row, label), "cluster_id": row["record_id"]} for row, label, _ in kept.values()]
            insert_all(self._connection, records, rows)
            decisions = [decision_row(record_id, label, now) for record_id, (_, label, _) in kept.items()]
            insert_all(self._connection, labels, decisions)
            called = [(row, label) for row, label, _ in kept.values()]
            waiting.ask_about(self._connection, called, self._sampling, self._seats)
            bands.add(self._connection, [(row, entry) for row, _, entry in kept.values()], self._same.writer)
        self._seats.write()

    def _judge(self, row: Row, signature: Any) -> Judgement:
        similar = self._same.similar(row["record_id"], signature)
        if not similar:
            return Judgement()
        if not similar.isdisjoint(self._kept):
            self.write()
        return self._same.judge(row, records_of(self._connection, similar))

    def _is_surplus(self, row: Row, worse: list[Match]) -> bool:
        leaving = records_of(self._connection, {match.record_id for match in worse})
        freed = sum(other["stratum"] == row["stratum"] for other in leaving)
        return self._seats.are_full(row["stratum"], freed)

    def _keep(self, row: Row, label: Label, signature: Any, judgement: Judgement) -> None:
        record_id = row["record_id"]
        orphans = [orphan for match in judgement.worse for orphan in self._demote(match, record_id)]
        self._kept[record_id] = (row, label, self._same.enter(record_id, signature))
        self._seats.change(row["stratum"], 1)
        if judgement.contrasts or orphans:
            self.write()
            clusters.pair_up(self._connection, record_id, judgement.contrasts, self._run_id)
        for orphan in sorted(orphans, key=self._same.rank):
            self._place_anew(orphan)

    def _demote(self, match: Match, better_id: str) -> list[Row]:
        """Make a record the duplicate of a better copy; returns what repeated it until now."""
        why = repeats(Match(better_id, match.likeness, match.score))
        why.detail += f", which run {self._run_id} wrote"
        (row,) = records_of(self._connection, {match.record_id})
        orphans = self._take_out(row)
        insert_all(self._connection, duplicates, [duplicate_row(row, why)])
        self._move(row, Bucket.RECORD, Bucket.DUPLICATE, why)
        return orphans

    def _take_out(self, row: Row) -> list[Row]:
        """Make a row no record; returns what repeated it until now."""
        orphans = self._repeating(row["record_id"])
        clusters.part(self._connection, row["record_id"])
        for table in (records, dedup_bands):
            self._connection.execute(delete(table).where(table.c.record_id == row["record_id"]))
        self._seats.change(row["stratum"], -1)
        return orphans

    def _place_anew(self, row: Row) -> None:
        """Find what a duplicate repeats now; where nothing is left it becomes a record itself."""
        here = duplicates.c.item_id == row["record_id"]
        signature = self._same.sign(row)
        judgement = self._judge(row, signature)
        if judgement.better:
            why = repeats(judgement.better[0])
            changed = {"matched_record_id": why.matched, "score": why.score, "reason": why.reason}
            self._connection.execute(update(duplicates).where(here).values(changed))
            self._connection.execute(SETTLE, [settled_row(row["record_id"], Bucket.DUPLICATE, STAGE, why)])
            return
        self._connection.execute(delete(duplicates).where(here))
        label = self._label(row)
        if label is None:
            insert_all(self._connection, unlabelled, [item_row(row)])
            self._move(row, Bucket.DUPLICATE, Bucket.PENDING, _unasked())
            return
        row["stratum"] = self._type.stratum_of(self._type.stored(row["data"]), label.name)
        if self._is_surplus(row, judgement.worse):
            insert_all(self._connection, over_quota, [surplus_row(row, label)])
            self._move(row, Bucket.DUPLICATE, Bucket.OVER_QUOTA, _surplus(row))
        else:
            self._move(row, Bucket.DUPLICATE, Bucket.RECORD)
            self._keep(row, label, signature, judgement)

    def _label(self, row: Row) -> Label | None:
        """Find what a row is called: as was decided last when it was a record, else as the rule says."""
        return waiting.last_decision(self._connection, row["record_id"]) or self._same.label(row)

    def _repeating(self, record_id: str) -> list[Row]:
        found = self._connection.execute(select(duplicates).where(duplicates.c.matched_record_id == record_id))
        return [
            {name: row[name] for name in RECORD_COLUMNS} | {"record_id": row["item_id"]} for row in found.mappings()
        ]

    def _move(self, row: Row, left: Bucket, entered: Bucket, why: Rejection | None = None) -> None:
        self._moves.append(Move(row["record_id"], row["run_id"], row["stratum"], left, entered))
        self._connection.execute(SETTLE, [settled_row(row["record_id"], entered, STAGE if why else None, why)])


def records_of(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """Read the rows of records; ids that are none of a record's are passed over."""
    wanted = list(ids)
    if not wanted:
        return []
    return [dict(row) for row in connection.execute(_RECORDS, {"ids": wanted}).mappings()]


def repeats(match: Match) -> Rejection:
    """Build the rejection of a copy."""
    like = "same text as" if match.likeness is Likeness.EXACT else f"Jaccard {match.score:.3f} to"
    detail = f"{like} record {match.record_id}"
    reason = _REASONS[match.likeness]
    return Rejection(Bucket.DUPLICATE, reason, detail, matched=match.record_id, score=match.score)


def _unasked() -> Rejection:
    return Rejection(Bucket.PENDING, LabelReason.NOT_ASKED, "the better copy that it repeated is gone")


def _surplus(row: Row) -> Rejection:
    return Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, f"all seats of {row['stratum']} are taken")
