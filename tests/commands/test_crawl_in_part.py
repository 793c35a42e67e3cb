"""`scrapy crawl` on part of a site: a page with more to give than was asked for is not done."""

from collections.abc import Callable

from tests.commands.conftest import Crawled, Page, a_review, review_page


def test_limit_when_the_page_has_more_leaves_it_pending(crawl_pages: Callable[..., Crawled]) -> None:
    crawled = crawl_pages({"/": review_page(a_review(1), a_review(2), a_review(3))}, "-a", "limit=2")
    assert (crawled.status, crawled.figures["reason"]) == (0, "limit_reached")
    assert crawled.figures["items"]["record"] == 2
    assert (crawled.figures["pages"]["pending"], crawled.figures["pages"]["done"]) == (1, 0)


def test_limit_when_the_page_has_no_more_ends_it(crawl_pages: Callable[..., Crawled]) -> None:
    crawled = crawl_pages({"/": review_page(a_review(1), a_review(2))}, "-a", "limit=2")
    assert crawled.figures["reason"] == "limit_reached"
    assert (crawled.figures["pages"]["pending"], crawled.figures["pages"]["done"]) == (0, 1)


def test_limit_when_others_wait_for_their_turn_gives_them_back(crawl_pages: Callable[..., Crawled]) -> None:
    paths = [f"/product/{number}" for number in range(10)]
    links = "".join(f'<a class="product" href="{path}">p</a>' for path in paths)
    pages = {"/": Page(links), **{path: review_page(a_review(number)) for number, path in enumerate(paths)}}
    asked: list[str] = []
    found = crawl_pages(pages, "-a", "limit=1", "-s", "DOWNLOAD_DELAY=1", "-s", "CONCURRENT_REQUESTS=16", asked=asked)
    assert (found.status, found.figures["reason"]) == (0, "limit_reached")
    assert len([path for path in asked if path in paths]) < 5
    assert found.figures["pages"]["pending"] > 5
