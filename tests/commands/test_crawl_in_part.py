"""`scrapy crawl` on part of a site: a page with more to give than was asked for is not done."""

from collections.abc import Callable

from tests.commands.conftest import Crawled, a_review, review_page


def test_limit_when_the_page_has_more_leaves_it_pending(crawl_pages: Callable[..., Crawled]) -> None:
    crawled = crawl_pages({"/": review_page(a_review(1), a_review(2), a_review(3))}, "-a", "limit=2")
    assert (crawled.status, crawled.figures["reason"]) == (0, "limit_reached")
    assert crawled.figures["items"]["record"] == 2
    assert (crawled.figures["pages"]["pending"], crawled.figures["pages"]["done"]) == (1, 0)


def test_limit_when_the_page_has_no_more_ends_it(crawl_pages: Callable[..., Crawled]) -> None:
    crawled = crawl_pages({"/": review_page(a_review(1), a_review(2))}, "-a", "limit=2")
    assert crawled.figures["reason"] == "limit_reached"
    assert (crawled.figures["pages"]["pending"], crawled.figures["pages"]["done"]) == (0, 1)
