"""What a replay would do, without doing it: pages of the archive are read, and their records judged one by one."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scrapy.http import TextResponse

from tdcrawl.archiving import response_of
from tdcrawl.errors import StoreError
from tdcrawl.extract.itemising import items_of
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import read_records
from tdcrawl.extract.validation import rejection_of
from tdcrawl.extract.values import ValueRules
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import TrainingItem
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.store.archive import read_page
from tdcrawl.store.engine import Engine, reading
from tdcrawl.store.failures import Archived, replayable
from tdcrawl.store.rereading import Reread, left_on


def rehearse(engine: Engine, data_dir: Path, profile: SiteProfile, reason: str | None, *, asks: bool) -> dict[str, Any]:
    """Say what would become of what failed on a site's archived pages.

    `asks`: whether what the rule cannot label would be kept, and asked for. `would_pass` and `would_fail` (by reason)
    are told of the stage that validates: copies and full quotas show when it is done. What is `gone` stands on no page
    any more, what is `new` was not found before.
    """
    counts = Counter(dict.fromkeys(("pages", "unreadable", "would_pass", "gone", "new"), 0))
    fails, kind = Counter[str](), RECORD_TYPES[profile.record_type]
    for page in replayable(engine, profile.name, reason):
        counts["pages"] += 1
        try:
            items = {item.item_id: item for item in _items(data_dir, profile, page)}
        except StoreError:
            counts["unreadable"] += 1
            continue
        with reading(engine) as connection:
            left = left_on(connection, Reread(page.page_id, reason), list(items.values()))
        counts.update(gone=len(left.gone), new=len(left.new))
        for item_id in (*left.again.values(), *left.new):
            item = items[item_id]
            why = rejection_of(kind, item.raw, ValueRules.of(profile.read.values, item.fetched_at, asks=asks))
            counts["would_pass"] += why is None
            fails.update([str(why.reason)] if why else [])
    return {"site": profile.name, "reason": reason, **counts, "would_fail": dict(fails.most_common())}


def _items(data_dir: Path, profile: SiteProfile, page: Archived) -> Sequence[TrainingItem]:
    fetched = read_page(data_dir, page.place)
    response = response_of(fetched)
    if not isinstance(response, TextResponse):
        return []
    found = read_records(Page(response.url, response.selector), profile.read, RECORD_TYPES[profile.record_type])
    return list(items_of(found.raws, profile, page.page_id, page.url, fetched.at))
