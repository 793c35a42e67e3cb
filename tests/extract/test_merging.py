"""Records that several readers found on a page."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from tdcrawl.extract.merging import merged
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

Raws = list[dict[str, str]]


@pytest.mark.parametrize(
    ("known", "more", "together"),
    [
        ([], [{"text": "Fine"}], [{"text": "Fine"}]),
        (
            [{"text": "Fine.", "rating": "4"}],
            [{"text": "fine", "rating": "80", "author": "Ann"}],
            [{"text": "Fine.", "rating": "4", "author": "Ann"}],
        ),
        ([{"text": "Fine", "author": "Ann"}], [{"text": "Fine", "author": "Bob"}], 2),
        ([{"text": "Fine", "author": "Ann"}], [{"text": "Fine", "author": "ANN"}], 1),
        ([{"text": "Fine"}, {"text": "Fine"}], [{"text": "Fine"}, {"text": "Fine"}], 2),
        ([{"text": "Fine"}], [{"text": "Fine"}, {"text": "Fine"}], 2),
        ([{"rating": "4"}], [{"rating": "4"}], 2),
        ([{"rating": "4", "author": "Ann"}], [{"rating": "4", "author": "Ann"}], 1),
    ],
)
def test_a_record_is_told_once(known: Raws, more: Raws, together: Raws | int) -> None:
    found = merged(known, more, REVIEW)
    assert (len(found) if isinstance(together, int) else found) == together


def test_saved_page_when_its_script_tells_of_some_and_its_elements_of_all(shared_data: Path) -> None:
    body = gzip.decompress((shared_data / "pages" / "wcxb_0594.html.gz").read_bytes())
    rules: dict[str, Any] = {
        "reader": ["schema_org", "css"],
        "record": "li.review",
        "fields": {"text": ".description", "author": ".woocommerce-review__author"},
    }
    page = Page("https://shop.example/", Selector(body=body, encoding="utf-8"))
    found = read_records(page, Read(**rules), REVIEW)
    assert found.readers == ["schema_org", "css"]
    assert len(found.raws) == 29
    assert sum("rating" in raw for raw in found.raws) == 5
