"""A spider as Scrapy builds it, without a reactor running: for tests of what a spider does with one response."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.settings import Settings

from tdcrawl.spiders.retailer_reviews import RetailerReviews
from tests import reactor

reactor.install()

SITE = """
record_type = "review"
allowed_domains = ["shop.example"]
[start]
urls = ["https://shop.example/"]
sitemaps = ["https://shop.example/sitemap.xml"]
[follow]
products = "a::attr(href)"
[read]
reader = "schema_org"
"""
NO_MORE_PAGES = "CREATE TRIGGER none BEFORE INSERT ON pages BEGIN SELECT RAISE(ABORT, 'no more pages'); END"
"""What keeps a SQLite database from taking pages."""


@contextmanager
def a_spider(folder: Path, start: str | None = None, says: str = SITE, **ours: str) -> Iterator[RetailerReviews]:
    """Open a spider of an invented shop, with a site file and settings of the test's own, and end its run."""
    site = folder / "invented_shop.toml"
    site.write_text(says)
    settings = Settings()
    settings.setmodule("tdcrawl.settings", priority="project")
    ours |= {"TDCRAWL_DATA_DIR": str(folder), "TDCRAWL_DATABASE_URL": f"sqlite:///{folder}/spider.db"}
    settings.setdict(ours, priority="cmdline")
    crawler = Crawler(RetailerReviews, settings)
    spider = crawler.spider = RetailerReviews.from_crawler(crawler, site=str(site), start=start)
    crawler._apply_settings()
    yield spider
    spider.session.leave()
    spider.session.ledger.finish("finished", {})
    spider.session.ledger.engine.dispose()
