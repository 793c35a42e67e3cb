"""hReview, and h-review after it."""

import gzip
from pathlib import Path

import pytest
from parsel import Selector

from tdcrawl.extract.reading import Page, Reading, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

HREVIEW = """
<div class="hreview"><span class="item"><span class="fn">Fernhollow kettle</span></span>
<span class="summary">Good</span> <span class="rating">{rating}</span>
<p class="description">It boils water <b>quickly</b> and it pours well.</p>
<span class="reviewer vcard"><span class="fn">Ann</span></span>
<abbr class="dtreviewed" title="2024-01-02">Jan</abbr></div>
"""
H_REVIEW = """
<div class="h-review"><a class="p-item h-item" href="/kettle">Kettle</a><p class="e-content">Pours well.<br>Mostly.</p>
<data class="p-rating" value="3">3</data><data class="p-best" value="10"></data>
<a class="p-author h-card" href="/bob">Bob</a><time class="dt-published" datetime="2024-02-03">then</time></div>
"""


def read(html: str | bytes) -> Reading:
    selector = Selector(text=html) if isinstance(html, str) else Selector(body=html, encoding="utf-8")
    return read_records(Page("https://shop.example/", selector), Read(reader=["microformats"]), REVIEW)


@pytest.mark.parametrize(
    ("rating", "told"),
    [
        (
            '<span class="value">4</span> of <span class="best">5</span>',
            {"rating": "4", "best_rating": "5"},
        ),
        (
            '<abbr class="value" title="8"></abbr><abbr class="best" title="10"></abbr>',
            {"rating": "8", "best_rating": "10"},
        ),
        ("", {}),
    ],
)
def test_hreview_is_read(rating: str, told: dict[str, str]) -> None:
    assert read(HREVIEW.format(rating=rating)).raws == [
        {
            "product_id": "Fernhollow kettle",
            "title": "Good",
            "text": "It boils water quickly and it pours well.",
            "author": "Ann",
            "date": "2024-01-02",
            **told,
        }
    ]


def test_h_review_is_read() -> None:
    assert read(H_REVIEW).raws == [
        {
            "product_id": "https://shop.example/kettle",
            "text": "Pours well.\nMostly.",
            "rating": "3",
            "best_rating": "10",
            "author": "Bob",
            "date": "2024-02-03",
        }
    ]


def test_each_review_is_read_once_when_a_page_has_both_formats_in_one_element() -> None:
    both = H_REVIEW.replace('class="h-review"', 'class="hreview h-review"')
    assert read(both + HREVIEW.format(rating="")).raws[0]["title"] == "Good"
    assert len(read(both + HREVIEW.format(rating="")).raws) == 2


def test_a_page_when_nothing_is_marked_up() -> None:
    found = read(
        '<div class="hreview-aggregate"><span class="rating">4</span> of 12 reviews</div><p class="review">x</p>'
    )
    assert (found.raws, found.problems) == ([], [])


def test_saved_pages_with_hreview_give_each_review_with_its_rating(shared_data: Path) -> None:
    for name in ("pydepta_1", "pydepta_3"):
        found = read(gzip.decompress((shared_data / "pages" / f"{name}.html.gz").read_bytes()))
        assert len(found.raws) == 5
        assert all(raw["text"] and raw["rating"] and raw["best_rating"] for raw in found.raws)
