"""Stage 500."""

from collections.abc import Awaitable
from typing import Self

from scrapy.crawler import Crawler

from tdcrawl.asking import open_labeller
from tdcrawl.crawling import SiteSpider
from tdcrawl.labeling.labeller import Labeller
from tdcrawl.labeling.rules import is_contradicted, label_by_rule
from tdcrawl.outcomes import Bucket, LabelReason, QuotaReason, Rejection
from tdcrawl.pipelines.base import Stage
from tdcrawl.records.base import TrainingItem
from tdcrawl.store.votes import Buyer


class LabelRecord(Stage):
    """Name the record by its type's rule, never by what the page claims; where the rule abstains, by votes."""

    name = "label_record"
    fault = "after_label"
    is_limited = False
    _labeller: Labeller | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the stage, with a way to ask where the crawl has one."""
        self, spider = super().from_crawler(crawler), crawler.spider
        assert isinstance(spider, SiteSpider)
        if model := self.session.asking.model:
            buyer = Buyer(self.session.run.run_id, self.session.ledger.holder)
            self._labeller = open_labeller(
                crawler.settings, self.session.record_type, model, self.session.ledger.write, buyer,
                lambda what, number: spider.count(f"tdcrawl/label/{what}", number),
            )  # fmt: skip
        return self

    def process_item(self, item: TrainingItem) -> TrainingItem | Awaitable[TrainingItem]:
        """Set the label; where the text belies it the record is flagged, and people are asked."""
        label = label_by_rule(self.session.record_type, item.believed())
        if label is None:
            return self._asked(item)
        if is_contradicted(self.session.record_type, label.name, self.session.normalised(item)):
            item.flags.append(LabelReason.RATING_TEXT_CONFLICT)
        item.label = label
        return item

    async def close_spider(self) -> None:
        """Close the connections to the model."""
        if self.session.asking.model:
            await self.session.asking.model.close()

    async def _asked(self, item: TrainingItem) -> TrainingItem:
        if self.session.is_full(item.believed()):
            raise Rejection(Bucket.OVER_QUOTA, QuotaReason.QUOTA_FULL, "all strata are full, whatever its label")
        if self._labeller is None:
            raise Rejection(Bucket.PENDING, LabelReason.BUDGET_SPENT, "no money was given: `scrapy label` asks for it")
        item.label = await self._labeller.label(item.item_id, item.believed())
        return item
