"""Take an item through the stages, once, and see that it ends in exactly one place whatever a stage does."""

import asyncio
import logging
from functools import cached_property
from inspect import isawaitable
from traceback import format_exception, format_exception_only
from typing import Any

from scrapy.exceptions import DropItem
from scrapy.pipelines import ItemPipelineManager

from tdcrawl import faults
from tdcrawl.crawling import SiteSpider
from tdcrawl.errors import SettingError, StoreError
from tdcrawl.in_flight import limited
from tdcrawl.outcomes import AnyStageReason, Bucket, Move, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.records.failed import Hiding
from tdcrawl.setting_values import read_number
from tdcrawl.store.ledger import OutdatedError

logger = logging.getLogger(__name__)

_TRIES = 5


class StageProcessor(ItemPipelineManager):
    """Count what each stage saw, passed and rejected; turn a raise, a None and a cancellation into outcomes."""

    async def process_item_async(self, item: TrainingItem) -> TrainingItem:
        """Take an item to its outcome; raises DropItem where it did not become a record."""
        passed: list[Stage] = []
        rejection: Rejection | None = None
        try:
            rejection = await self._through_stages(item, passed)
        except StoreError as error:
            # The item stays pending; the next run finds it so.
            self._site_spider.stop("sink_unavailable", str(error))
            self._site_spider.session.left_pending.add(item.page_id)
            raise DropItem("the database is gone") from error
        except BaseException:
            self._site_spider.session.left_pending.add(item.page_id)
            raise
        finally:
            for stage in passed:
                stage.settle(item, accepted=item.written)
            self._site_spider.session.in_flight.end(item.item_id)
        self._count_bucket(item, rejection)
        if rejection is not None:
            raise DropItem(rejection.reason)
        return item

    async def close_spider_async(self) -> None:
        """Close each stage, the last first, whatever another one does; the run of one that would not has failed."""
        for stage in reversed(self.middlewares):
            try:
                if hasattr(stage, "close_spider"):
                    await limited(self.get_awaitable(stage.close_spider), self._stage_seconds)
            except (Exception, asyncio.CancelledError):
                logger.exception("Stage %s did not close", stage.name)
                self._count(stage, "not_closed")

    def _add_middleware(self, mw: Any) -> None:
        if not isinstance(mw, Stage):
            raise SettingError(
                f"ITEM_PIPELINES: {type(mw).__name__} is no stage; derive it from tdcrawl.pipelines.base.Stage"
            )
        super()._add_middleware(mw)

    @cached_property
    def _course(self) -> list[tuple[Stage, str, str]]:
        return [(stage, stage.stat("seen"), stage.stat("passed")) for stage in self.middlewares]

    @cached_property
    def _told(self) -> set[Stage]:
        return set()

    @cached_property
    def _stage_seconds(self) -> float:
        return read_number(self._site_spider.settings, "TDCRAWL_STAGE_SECONDS", 1, 86_400)

    @cached_property
    def _site_spider(self) -> SiteSpider:
        assert isinstance(self._spider, SiteSpider)
        return self._spider

    async def _through_stages(self, item: TrainingItem, passed: list[Stage]) -> Rejection | None:
        figures = self._site_spider.figures
        for stage, seen, let_through in self._course:
            figures[seen] = figures.get(seen, 0) + 1
            answer = stage.begin(item)
            if answer is not item:
                rejection = await self._rejected(stage, item, await self._attempt(stage, item, answer))
                if rejection is not None:
                    self._count(stage, "rejected")
                    self._count(stage, f"rejected/{rejection.reason}")
                    return rejection
            figures[let_through] = figures.get(let_through, 0) + 1
            passed.append(stage)
            if stage.fault:
                faults.point(stage.fault)
        return None

    async def _rejected(self, stage: Stage, item: TrainingItem, why: Rejection | None) -> Rejection | None:
        """Give the rejection that stands in the ledger, None where the stage passes the item after all."""
        while why is not None:
            try:
                await self._reject(item, stage, why)
            except OutdatedError:
                why = await self._attempt(stage, item, stage.begin(item))
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - an item has an outcome whatever keeps its rejection from the ledger
                return await self._fail_plainly(item, stage, error)
            else:
                break
        return why

    async def _reject(self, item: TrainingItem, stage: Stage, why: Rejection) -> None:
        session, hiding = self._site_spider.session, self._hiding(item)
        why = hiding.rejection(why)
        await session.ledger.reject(item, session.terms, stage.name, why, hiding.evidence(why))

    def _hiding(self, item: TrainingItem) -> Hiding:
        session = self._site_spider.session
        return Hiding(item, session.record_type, session.person_key, session.profile.read.values.locale)

    async def _fail_plainly(self, item: TrainingItem, stage: Stage, error: Exception) -> Rejection:
        """Fail an item whose rejection could not be written, keeping nothing that may be the cause."""
        self._tell(stage, item, error)
        why = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, f"{stage.name}: not written: {type(error).__name__}")
        kept = {"errors": [], "message": why.detail, "item": {}}
        session = self._site_spider.session
        try:
            await session.ledger.reject(item, session.terms, stage.name, why, kept)
        except StoreError:
            raise
        except Exception as again:
            what = "Stage %s: item %s stays pending, its outcome cannot be written: %s"
            logger.error(what, stage.name, item.item_id, type(again).__name__)  # noqa: TRY400 - a traceback quotes the item
            raise DropItem("its outcome cannot be written") from again
        return why

    async def _attempt(self, stage: Stage, item: TrainingItem, answer: Any, tries: int = _TRIES) -> Rejection | None:
        """Await a stage's answer; try again after it found the database gone, once a write that waited went through."""
        try:
            if isawaitable(answer):
                answer = await (limited(answer, self._stage_seconds) if stage.is_limited else answer)
        except Rejection as rejection:
            return rejection
        except StoreError:
            if tries == 1:
                raise
            await self._site_spider.session.ledger.drained()
            return await self._attempt(stage, item, stage.begin(item), tries - 1)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # The crawl itself is being cancelled, not the stage's work.
            return _broken(stage, error)
        except Exception as error:  # noqa: BLE001 - whatever a stage raises is an outcome of the item
            self._tell(stage, item, error)
            return _broken(stage, error)
        what = type(answer).__name__
        return None if answer is item else _broken(stage, TypeError(f"it returned {what}, not the item"))

    def _tell(self, stage: Stage, item: TrainingItem, error: Exception) -> None:
        # With a traceback once: a stage that breaks on every item would bury the log.
        lines = (format_exception_only if stage in self._told else format_exception)(error)
        self._told.add(stage)
        told = self._hiding(item).error("".join(lines))
        logger.error("Stage %s broke on item %s: %s", stage.name, item.item_id, told)

    def _count_bucket(self, item: TrainingItem, rejection: Rejection | None) -> None:
        bucket = rejection.bucket if rejection else Bucket.RECORD if item.written else Bucket.PENDING
        self._site_spider.count(f"tdcrawl/items/{bucket}", 1)
        if item.reopened and bucket is Bucket.FAILED:
            self._site_spider.count("tdcrawl/items/failed_again", 1)
        if item.written:
            stratum = self._site_spider.session.stratum(item)
            self._site_spider.count(f"tdcrawl/strata/{stratum}", 1)
        for move in item.moves:
            self._count_move(move, of_this_run=move.run_id == self._site_spider.session.run.run_id)

    def _count_move(self, move: Move, *, of_this_run: bool) -> None:
        count = self._site_spider.count
        count("tdcrawl/items/moved", 1)
        if of_this_run:
            count(f"tdcrawl/items/{move.left}", -1)
            count(f"tdcrawl/items/{move.entered}", 1)
            count(f"tdcrawl/strata/{move.stratum}", (move.entered is Bucket.RECORD) - (move.left is Bucket.RECORD))

    def _count(self, stage: Stage, what: str) -> None:
        self._site_spider.count(stage.stat(what), 1)


def _broken(stage: Stage, error: BaseException) -> Rejection:
    return Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, f"{stage.name}: {error!r}")
