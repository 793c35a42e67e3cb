"""The ledger: where each page and each item is. Its rows change only here, each change in one transaction."""

from asyncio import Future
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from tdcrawl.outcomes import Bucket, DedupReason, PageState, QuotaReason, Rejection
from tdcrawl.records.base import RecordType, TrainingItem
from tdcrawl.store import rows
from tdcrawl.store.engine import open_engine, writing
from tdcrawl.store.tables import (
    duplicates,
    failed_records,
    labels,
    outcomes,
    over_quota,
    pages,
    quota_seats,
    records,
    runs,
)
from tdcrawl.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Run:
    """Name one crawl of one site."""

    run_id: str
    spider: str
    site: str
    record_type: str
    code_version: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Name one page that a run wants to read: what to fetch, and the one address it stands for."""

    page_id: str
    url: str
    canonical_url: str


class Ledger:
    """Write the ledger of one run. Methods that return a Future have committed when it is done."""

    def __init__(self, engine: Engine, run: Run) -> None:
        self.engine = engine
        self.run = run
        with writing(engine) as connection:
            connection.execute(insert(runs).values(**asdict(run)))
        self._writer = Writer(engine)

    @classmethod
    def open(cls, database_url: str, run: Run) -> "Ledger":
        """Open the database and begin a run in it; raises SettingError or StoreError."""
        return cls(open_engine(database_url), run)

    def schedule(self, wanted: Sequence[PageRequest]) -> Future[set[str]]:
        """Note the pages to read; the result holds the ids of those this run does not know yet."""

        def work(connection: Connection) -> set[str]:
            known = _known(connection, pages.c.page_id, [page.page_id for page in wanted])
            new = {page.page_id: page for page in wanted if page.page_id not in known}
            now = datetime.now(UTC)
            if new:
                connection.execute(insert(pages), [rows.page_row(page, self.run, now) for page in new.values()])
            return set(new)

        return self._writer.submit(work)

    def take(self, page_id: str, items: Sequence[TrainingItem], seen_again: int) -> Future[set[str]]:
        """Note the items that a page yielded, as pending; the result holds the ids of those still to be processed.

        An item that has its outcome (from an earlier page or run) is counted as seen again, with the `seen_again` that
        the caller knows of. One left pending by a run that died is taken up.
        """

        def work(connection: Connection) -> set[str]:
            known = _buckets(connection, [item.item_id for item in items])
            new = {item.item_id: item for item in items if item.item_id not in known}
            unfinished = {item_id for item_id, bucket in known.items() if bucket == Bucket.PENDING}
            now = datetime.now(UTC)
            if new:
                connection.execute(insert(outcomes), [rows.outcome_row(item, self.run, now) for item in new.values()])
            connection.execute(
                update(pages)
                .where(pages.c.page_id == page_id)
                .values(
                    items_yielded=pages.c.items_yielded + len(new),
                    items_seen_again=pages.c.items_seen_again + seen_again + len(known) - len(unfinished),
                )
            )
            return new.keys() | unfinished

        return self._writer.submit(work)

    def accept(self, item: TrainingItem, record_type: RecordType, seats: int | None) -> Future[None]:
        """Keep a record with its label, quota seat and outcome.

        Raises Rejection where another process has written the text or taken the last seat meanwhile. `seats` is the quota of the record's stratum (None: without limit).
        """

        def work(connection: Connection) -> Rejection | None:
            row = rows.labelled_row(item, record_type, self.run)
            refusal = _twin(connection, row) or _no_seat(connection, row, seats)
            if refusal is None and _settle(connection, item.item_id, Bucket.RECORD):
                connection.execute(insert(records).values(record_id=item.item_id, cluster_id=item.cluster_id or item.item_id, **row))
                connection.execute(insert(labels).values(**rows.label_row(item)))
                if seats is not None:
                    _take_seat(connection, row)
            return refusal

        return self._writer.submit(work)

    def reject(
        self, item: TrainingItem, record_type: RecordType, stage: str, why: Rejection, evidence: Mapping[str, Any]
    ) -> Future[None]:
        """Put an item where its rejection says. `evidence` is what a failed record keeps: item and errors, masked."""

        def work(connection: Connection) -> None:
            if not _settle(connection, item.item_id, why.bucket, stage, why):
                return
            if why.bucket is Bucket.FAILED:
                row = rows.failed_row(item, self.run, stage, why, evidence)
                connection.execute(insert(failed_records).values(**row))
            elif why.bucket is Bucket.DUPLICATE:
                row = rows.duplicate_row(rows.record_row(item, record_type, self.run), why)
                connection.execute(insert(duplicates).values(item_id=item.item_id, **row))
            else:
                row = rows.labelled_row(item, record_type, self.run)
                connection.execute(insert(over_quota).values(item_id=item.item_id, **row))

        return self._writer.submit(work)

    def close_page(
        self, page_id: str, state: PageState, reason: str | None = None, detail: str | None = None
    ) -> Future[bool]:
        """Say how a page ended; the result is False where it had ended already."""

        def work(connection: Connection) -> bool:
            closed = connection.execute(
                update(pages)
                .where(pages.c.page_id == page_id, pages.c.state == PageState.PENDING)
                .values(state=state, reason=reason, detail=detail, finished_at=datetime.now(UTC))
            )
            return closed.rowcount == 1

        return self._writer.submit(work)

    def finish(self, reason: str, stats: Mapping[str, Any]) -> None:
        """Commit what is left and end the run. Waits; call it once, last. Raises what the database raises."""
        self._writer.close()
        with writing(self.engine) as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id == self.run.run_id)
                .values(finished_at=datetime.now(UTC), finish_reason=reason, stats=dict(stats))
            )


def _known(connection: Connection, column: Any, ids: Sequence[str]) -> set[str]:
    return set(connection.scalars(select(column).where(column.in_(ids))))


def _buckets(connection: Connection, item_ids: Sequence[str]) -> dict[str, str]:
    found = connection.execute(
        select(outcomes.c.item_id, outcomes.c.bucket).where(outcomes.c.item_id.in_(item_ids))
    )
    return {item_id: bucket for item_id, bucket in found}


def _twin(connection: Connection, row: Mapping[str, Any]) -> Rejection | None:
    matched = connection.scalar(
        select(records.c.record_id).where(
            records.c.record_type == row["record_type"], records.c.content_hash == row["content_hash"]
        )
    )
    if matched is None:
        return None
    return Rejection(
        Bucket.DUPLICATE,
        DedupReason.EXACT_DUPLICATE,
        f"same text as record {matched}, which another process wrote meanwhile",
        matched=matched,
        score=1.0,
    )


def _no_seat(connection: Connection, row: Mapping[str, Any], seats: int | None) -> Rejection | None:
    if seats is None or seats_taken(connection, row["record_type"], row["stratum"]) < seats:
        return None
    return Rejection(
        Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, f"all {seats} seats of {row['stratum']} were taken meanwhile"
    )


def seats_taken(connection: Connection, record_type: str, stratum: str) -> int:
    """Count the seats taken in a stratum; records from before it had a quota count too."""
    taken: int | None = connection.scalar(
        select(quota_seats.c.taken).where(
            quota_seats.c.record_type == record_type, quota_seats.c.stratum == stratum
        )
    )
    if taken is not None:
        return taken
    return connection.scalar(
        select(func.count())
        .select_from(records)
        .where(records.c.record_type == record_type, records.c.stratum == stratum)
    ) or 0


def _take_seat(connection: Connection, row: Mapping[str, Any]) -> None:
    seat = quota_seats.c
    here = (seat.record_type == row["record_type"], seat.stratum == row["stratum"])
    if connection.execute(update(quota_seats).where(*here).values(taken=seat.taken + 1)).rowcount == 0:
        # The record itself is in the table by now, and so in the count.
        taken = seats_taken(connection, row["record_type"], row["stratum"])
        connection.execute(
            insert(quota_seats).values(record_type=row["record_type"], stratum=row["stratum"], taken=taken)
        )


def _settle(
    connection: Connection, item_id: str, bucket: Bucket, stage: str | None = None, why: Rejection | None = None
) -> bool:
    reason, detail = (why.reason, why.detail) if why else (None, None)
    done = connection.execute(
        update(outcomes)
        .where(outcomes.c.item_id == item_id, outcomes.c.bucket == Bucket.PENDING)
        .values(bucket=bucket, stage=stage, reason=reason, detail=detail, at=datetime.now(UTC))
    )
    return done.rowcount == 1
