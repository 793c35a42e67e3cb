"""Whether a crawl would believe what was read."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from tdcrawl.extract.page import Page
from tdcrawl.extract.validation import rejection_of
from tdcrawl.extract.values import ValueRules
from tdcrawl.outcomes import Reason, Rejection
from tdcrawl.records.base import Raw, RecordType
from tdcrawl.sites.profile import Read


def judged(raw: Raw, page: Page, read: Read, record_type: RecordType) -> Rejection | None:
    """Give what a crawl would reject a record for; None where it would believe it."""
    # As in a crawl the page stands for the thing where a record does not name it.
    whole = {record_type.group_field: page.url} | dict(raw)
    return rejection_of(record_type, whole, ValueRules.of(read.values, datetime.now(UTC)))


def reasons_of(raws: Iterable[Raw], page: Page, read: Read, record_type: RecordType) -> dict[str, int]:
    """Count the reasons for which records would fail, the most frequent first."""
    rejections = [judged(raw, page, read, record_type) for raw in raws]
    reasons: Counter[Reason] = Counter(rejection.reason for rejection in rejections if rejection)
    return {str(reason): number for reason, number in reasons.most_common()}
