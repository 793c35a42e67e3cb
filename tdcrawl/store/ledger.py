"""The ledger: where each page and each item is. Its rows change only through it, each change in one transaction."""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from tdcrawl.errors import LostError
from tdcrawl.outcomes import Move, PageState, Rejection
from tdcrawl.records.base import TrainingItem
from tdcrawl.store import beginning, frontier, page_writes, redirects, refusing, rereading, settling
from tdcrawl.store.archive import Place
from tdcrawl.store.beginning import Begun
from tdcrawl.store.engine import open_engine, reachable, writing
from tdcrawl.store.life import show_life
from tdcrawl.store.page_writes import Taken
from tdcrawl.store.rereading import Reread
from tdcrawl.store.rows import PageRequest, Run
from tdcrawl.store.settling import OutdatedError
from tdcrawl.store.steering import Course
from tdcrawl.store.tables import runs
from tdcrawl.store.terms import Terms
from tdcrawl.store.tombstones import Traces
from tdcrawl.store.workers import is_listed, join, leave, living, this_process
from tdcrawl.store.writer import Writer

__all__ = ["Ledger", "OutdatedError", "PageRequest", "Run", "Terms"]


Begin = Callable[[Connection, Run], Begun]


class Ledger:
    """Write the ledger of one run. Methods that return a Future have committed when it is done.

    `taken_up` says that the run was begun earlier, `died` which runs of the site were found dead when it began.
    """

    def __init__(self, engine: Engine, run: Run, begin: Begin = beginning.anew, patience: float = 0) -> None:
        self.engine = engine
        self._worker = this_process()
        self._life = show_life(engine, self._worker.worker_id, self._stay)
        try:
            with reachable(), writing(engine) as connection:
                begun = begin(connection, run)
                join(connection, begun.run.run_id, self._worker)
        except BaseException:
            self._life.end()
            engine.dispose()
            raise
        self.run, self.taken_up, self.died = begun.run, begun.taken_up, begun.died
        self._writer = Writer(self._life.writing, patience)
        self._has_left = False

    @property
    def holder(self) -> str:
        """Name this process, by the sign of life that it shows."""
        return self._worker.worker_id

    @classmethod
    def open(cls, database_url: str, run: Run, begin: Begin = beginning.anew, patience: float = 0) -> "Ledger":
        """Open the database and begin a run in it; raises what `begin` does, SettingError and StoreError.

        Once it is open, writes wait `patience` seconds for a database that is gone.
        """
        return cls(open_engine(database_url), run, begin, patience)

    def schedule(self, wanted: Sequence[PageRequest]) -> Future[set[str]]:
        """Note the pages to read; the result holds the ids of those this run does not know yet."""
        return self._writer.submit(page_writes.schedule, (self.run, wanted))

    def redirect(self, origin: str, target: PageRequest) -> Future[bool]:
        """Note that a page redirects to another; the result says whether this run did not know that one yet."""
        return self._writer.submit(redirects.redirect, redirects.Redirect(self.run, origin, target))

    def recognise(self, traces: Sequence[Traces]) -> Future[bool]:
        """Ask whether an item that would leave these traces was erased."""
        return self._writer.submit(refusing.recognise, traces)

    def lease(self, number: int, course: Course | None = None) -> Future[frontier.Lease]:
        """Take pages to read, so many at most, in the order of a course; none where all are read or being read."""
        asked = frontier.Asked(self.run.run_id, self._worker.worker_id, number, course)
        return self._writer.submit(frontier.lease, asked)

    def take(
        self,
        page_id: str,
        items: Sequence[TrainingItem],
        seen_again: int,
        archived: Place | None = None,
        rereads: Reread | None = None,
        traces: Callable[[], Sequence[Traces]] = tuple,
    ) -> Future[dict[str, Taken]]:
        """Note the items that a page yielded, as pending; the result holds the ids of those still to be processed.

        An item that has its outcome (from an earlier page or run) is counted as seen again, with the `seen_again` that
        the caller knows of. One left pending by a run that died is taken up. One that failed or was over quota in an
        earlier run is reopened: the result says so of its id. A page that `rereads` another one, out of the archive,
        reopens only what had failed there. What the `traces` of the items show to be erased is settled at once; the
        traces are asked for on the writer's thread, where anything ever was.
        """
        found = page_writes.Yield(self.run, page_id, items, seen_again, archived, traces=traces)
        if rereads:
            return self._writer.submit(rereading.take, (rereads, found))
        return self._writer.submit(refusing.take, found)

    def accept(self, item: TrainingItem, terms: Terms) -> Future[list[Move]]:
        """Keep a record with its label, quota seat and outcome; the result says which other items it moved.

        Raises Rejection where a better copy is kept, or another process has taken the last seat meanwhile.
        """
        return self._writer.submit(refusing.accept, settling.Acceptance(self.run, item, terms))

    def reject(
        self, item: TrainingItem, terms: Terms, stage: str, why: Rejection, evidence: Mapping[str, Any]
    ) -> Future[None]:
        """Put an item where its rejection says. `evidence` is what a failed record keeps: item and errors, masked.

        Raises OutdatedError, and changes nothing, where the record it repeats has ceased to be one.
        """
        return self._writer.submit(refusing.reject, settling.Refusal(self.run, item, terms, stage, why, evidence))

    def close_page(
        self,
        page_id: str,
        state: PageState,
        reason: str | None = None,
        detail: str | None = None,
        permission_id: str | None = None,
    ) -> Future[bool]:
        """Say how a page ended; the result is False where it had ended already."""
        return self._writer.submit(page_writes.close, page_writes.End(page_id, state, reason, detail, permission_id))

    def write(self, work: Callable[[Connection, list[Any]], Sequence[Any]], argument: Any) -> Future[Any]:
        """Do some other work in the order of the writes, as store/writer.py says."""
        return self._writer.submit(work, argument)

    def drained(self) -> Future[set[str]]:
        """Wait until all writes so far are committed and whoever waited for one has heard of it."""
        return self.schedule([])  # Writes are answered in the order in which they came.

    def leave(self) -> bool:
        """Commit what is left, and give back what this process holds; says whether it is the last of its run.

        Raises StoreError where the database is gone.
        """
        self._has_left = True
        self._writer.close()
        try:
            with reachable(), writing(self.engine) as connection:
                leave(connection, [self._worker.worker_id])
                return not living(connection, self.run.run_id)
        finally:
            self._life.end()

    def finish(self, reason: str, stats: Mapping[str, Any]) -> str:
        """End the run, unless somebody is reading for it; leaves it where that was not done. Returns how it ended.

        One that says it finished, but has pages left, is `incomplete`: the next one takes it up. Raises StoreError.
        """
        if not self._has_left:
            self.leave()
        with reachable(), writing(self.engine) as connection:
            if reason == beginning.FINISHED and frontier.unread(connection, self.run.run_id):
                reason = "incomplete"
            if not living(connection, self.run.run_id):
                end = {"finished_at": datetime.now(UTC), "finish_reason": reason, "stats": dict(stats)}
                connection.execute(update(runs).where(runs.c.run_id == self.run.run_id).values(end))
        return reason

    def _stay(self, connection: Connection) -> None:
        """Go on where our sign of life was gone for a while, unless somebody found us dead; raises LostError then."""
        if not is_listed(connection, self._worker.worker_id):
            raise LostError(f"another process has taken up run {self.run.run_id}, which this one read")

    def judged(self, judgement: Mapping[str, Any]) -> None:
        """Keep beside the stats of an ended run what was found when it was judged; raises StoreError."""
        here = runs.c.run_id == self.run.run_id
        with reachable(), writing(self.engine) as connection:
            stats = connection.scalar(select(runs.c.stats).where(here)) or {}
            connection.execute(update(runs).where(here).values(stats={**stats, **judgement}))
