"""The fingerprint: one for every spelling of an address, another for whatever asks for something else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import Request

from tdcrawl.middlewares.fingerprint import CanonicalFingerprinter
from tests.crawlers import a_spider

PAGE = "https://shop.example/product/7"


@pytest.fixture
def fingerprinter(tmp_path: Path) -> Iterator[CanonicalFingerprinter]:
    """Build the fingerprinter of a crawl."""
    with a_spider(tmp_path) as spider:
        yield CanonicalFingerprinter.from_crawler(spider.crawler)


@pytest.mark.parametrize("spelling", [f"{PAGE}?utm_source=mail", f"{PAGE}#reviews", PAGE.replace("shop", "SHOP")])
def test_fingerprint_when_the_address_is_spelt_otherwise(fingerprinter: CanonicalFingerprinter, spelling: str) -> None:
    assert fingerprinter.fingerprint(Request(spelling)) == fingerprinter.fingerprint(Request(PAGE))


@pytest.mark.parametrize(
    "other",
    [Request(f"{PAGE}?page=2"), Request(PAGE, method="POST"), Request(PAGE, body=b"page=2")],
    ids=["address", "method", "body"],
)
def test_fingerprint_when_something_else_is_asked_for(fingerprinter: CanonicalFingerprinter, other: Request) -> None:
    assert fingerprinter.fingerprint(other) != fingerprinter.fingerprint(Request(PAGE))
