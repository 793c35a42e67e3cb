"""A page is described by counts that scripts read, and quoted only with persons and personal data hidden."""

import json
from typing import Any

import pytest

from tdcrawl.probing.guess import guess_ways, ways_of
from tdcrawl.probing.probe import Snapshot, probe
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import Follow, Read, ReadValues
from tests.probing.pages import WORDS, a_page, css_page


def probed(*reviews: dict[str, Any], more: str = "", read: Read | None = None) -> dict[str, Any]:
    summary = {"@type": "AggregateRating", "reviewCount": 9, "bestRating": 5}
    product = {"@type": "Product", "sku": "17", "review": list(reviews), "aggregateRating": summary}
    page = a_page(f'<script type="application/ld+json">{json.dumps(product)}</script>{more}')
    return probe(Snapshot("asked", page), guess_ways(page, REVIEW), read, Follow(), REVIEW)


def a_review(text: str = WORDS, rating: str = "4", **more: str) -> dict[str, Any]:
    return {"@type": "Review", "reviewBody": text, "reviewRating": {"ratingValue": rating}, **more}


def test_counts_when_some_records_have_no_text_and_some_would_fail() -> None:
    told = probed(a_review(), a_review("too short"), a_review("", "80"), more="<button>Load more</button>")
    assert (told["url"], told["records"], told["records_with_text"], told["declared"]) == ("asked", 3, 2, 9)
    assert told["readers"] == {"schema_org": 3, "css": 0, "embedded_json": 0, "microformats": 0}
    assert (told["fields"]["text"], told["fields"]["author"]) == (0.6667, 0.0)
    assert (told["believable"], told["reasons"]) == (1, {"too_short": 1, "missing_field": 1})
    assert (told["difference"], told["load_more"]) == ("a button loads more, by a script", ["Load more"])
    assert (told["scale"], told["robots"], told["problems"]) == ("5", "allowed", [])


@pytest.mark.parametrize(
    ("review", "need"),
    [
        (a_review(rating="80"), "[read.values] rating_scale = ?"),
        (a_review(datePublished="12. Mai 2025"), "[read.values] locale = ?"),
        (a_review(datePublished="03/04/2025"), "[read.values] locale = ?"),
    ],
)
def test_site_value_is_asked_for_when_records_fail_or_lack_something_without_it(
    review: dict[str, Any], need: str
) -> None:
    assert probed(review)["needs"] == [need]


def test_obstacle_is_told_when_something_stands_before_the_page() -> None:
    page = a_page("<title>Sign in</title><input type=password>")
    told = probe(Snapshot("asked", page), guess_ways(page, REVIEW), None, Follow(), REVIEW)
    assert told["problems"] == ["it asks for a login"]


def test_samples_are_masked_and_cut_when_shown() -> None:
    (sample,) = probed(a_review(f"Write to ada@shop.example {WORDS} {WORDS}", author="Ada Quill"))["samples"]
    assert sample["author"] == "[person]"
    assert sample["text"].startswith("Write to [email] we bought")
    assert len(sample["text"]) == 80


def test_samples_are_masked_as_in_the_country_of_the_site_file() -> None:
    german = Read(reader=["schema_org"], values=ReadValues(locale="de-DE"))
    (sample,) = probed(a_review(f"Wählt (030) 2345678, {WORDS}"), read=german)["samples"]
    assert sample["text"].startswith("Wählt [phone], we bought")


def test_site_file_is_followed_when_there_is_one() -> None:
    page = css_page("4", "8")
    read = Read(reader=["schema_org", "css"], record="li", fields={"text": "p", "rating": "i::attr(title)"})
    told = probe(Snapshot("asked", page, saved=True), ways_of(read), read, Follow(next="a.on::attr(href)"), REVIEW)
    assert (told["read_by"], told["readers"]["css"], told["readers"]["schema_org"]) == (["css"], 2, 0)
    assert (told["next"], told["reasons"]) == (None, {"ambiguous_scale": 1})
