"""Fields that leave a site: told once ten records in a row lack what nearly all had, and of no other field."""

import gzip
import json
from pathlib import Path

import pytest
from parsel import Selector

from tdcrawl.drift import ENOUGH, Group
from tdcrawl.extract.field_watch import WINDOW, FieldWatch
from tdcrawl.extract.page import Page
from tdcrawl.extract.reading import read_records
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Read

READ = Read(
    reader=["css"],
    record="li",
    fields={"text": ".body", "title": ".title", "author": [".who", ".by"], "best_rating": ".of"},
    page_fields={"product_id": "h1"},
)
NOTHING = Group(of=0, found={})
WHOLE = {"text": "Fine", "title": "Good", "author": "Jo", "best_rating": "5", "product_id": "kettle"}
NAMELESS = {name: string for name, string in WHOLE.items() if name != "author"}


def earlier(had: int, of: int) -> Group:
    return Group(of=of, found={"author": had, "title": of})


@pytest.mark.parametrize(
    ("taught", "number", "is_lost"),
    [
        (earlier(90, 100), WINDOW, True),
        (earlier(90, 100), WINDOW - 1, False),
        (earlier(89, 100), WINDOW, False),
        (earlier(WINDOW, WINDOW), WINDOW, True),
        (earlier(WINDOW - 1, WINDOW - 1), WINDOW, False),
        (NOTHING, 1_000, False),
    ],
)
def test_field_is_lost_when_nearly_all_had_it_and_none_of_a_window_has(
    taught: Group, number: int, is_lost: bool
) -> None:
    told = "the last 10 records lack author, which {author} of {of} before them had: is ['.who', '.by'] still what it"
    lost = FieldWatch(READ, REVIEW, taught).lost([NAMELESS] * number)
    assert list(lost) == (["author"] if is_lost else [])
    assert lost.get("author", "").startswith(told.format(**taught["found"], of=taught["of"]) if is_lost else "")


def test_pages_of_a_run_teach_and_a_window_may_lie_across_them() -> None:
    watch = FieldWatch(READ, REVIEW, NOTHING)
    assert watch.lost([WHOLE] * WINDOW) == watch.lost([NAMELESS] * (WINDOW - 4)) == watch.lost([]) == {}
    assert list(watch.lost([{**WHOLE, "author": " "}] * 4)) == ["author"]
    assert (watch.lost([]), list(watch.lost([NAMELESS]))) == ({}, ["author"])
    # It came back; what was lost in between counts against what nearly all have.
    assert watch.lost([NAMELESS, WHOLE]) == watch.lost([NAMELESS] * WINDOW) == {}


def test_fields_that_fail_by_themselves_or_may_be_missing_are_not_watched() -> None:
    watch = FieldWatch(READ, REVIEW, Group(of=100, found=dict.fromkeys((*WHOLE, "date"), 100)))
    assert list(watch.lost([{}] * 100)) == ["title", "author"]


def test_no_page_of_a_real_shop_loses_a_field(shared_data: Path) -> None:
    """Read each page as a site that an earlier run read as it is: what nearly all have is never missing for long."""
    names: dict[str, str | list[str]] = dict.fromkeys(REVIEW.told_fields, "*")
    generic, watched = Read(reader=["schema_org"]), Read(reader=["schema_org"], fields=names)
    records = 0
    for entry in json.loads((shared_data / "pages" / "index.json").read_text()):
        body = gzip.decompress((shared_data / "pages" / entry["file"]).read_bytes())
        raws = read_records(Page("https://shop.example/", Selector(body=body, encoding="utf-8")), generic, REVIEW).raws
        found = {name: ENOUGH * sum(bool(raw.get(name)) for raw in raws) for name in names}
        watch = FieldWatch(watched, REVIEW, Group(of=ENOUGH * len(raws), found=found))
        assert [watch.lost([raw]) for raw in raws * 2] == [{}] * 2 * len(raws), entry["file"]
        records += len(raws)
    assert records > 100
