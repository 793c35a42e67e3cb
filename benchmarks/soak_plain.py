"""Crawl the practice shop as plain Scrapy does, with JOBDIR: what benchmarks/soak.py kills beside tdcrawl.

Run by `scrapy runspider`, outside the project: none of its settings are in force.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy import Spider
from scrapy.http import Request, Response

_ROWS_A_COMMIT = 100


class PlainSpider(Spider):
    """Read the JSON-LD of the shop's product pages; `-a start=` is the catalogue."""

    name = "plain"

    def __init__(self, start: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = [start]

    def parse(self, response: Response) -> Iterator[dict[str, Any] | Request]:
        """Yield the reviews of a page, and its links."""
        for script in response.css("script[type='application/ld+json']::text").getall():
            for review in json.loads(script).get("review", []):
                yield {"review_id": review["identifier"], "text": review["reviewBody"]}
        links = response.css("a.product::attr(href), a.next::attr(href)").getall()
        yield from response.follow_all(links)


class BatchWriter:
    """Write items to a database a hundred at a time, with no ledger: the usual way to make writing fast."""

    def open_spider(self) -> None:
        """Open the database in the working folder."""
        self._database = sqlite3.connect(Path("items.db"))
        self._database.execute("CREATE TABLE IF NOT EXISTS items (review_id TEXT)")
        self._waiting: list[tuple[str]] = []

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Keep an item until there are enough."""
        self._waiting.append((item["review_id"],))
        if len(self._waiting) == _ROWS_A_COMMIT:
            self._write()
        return item

    def close_spider(self) -> None:
        """Write what is left."""
        self._write()

    def _write(self) -> None:
        self._database.executemany("INSERT INTO items VALUES (?)", self._waiting)
        self._database.commit()
        self._waiting.clear()
