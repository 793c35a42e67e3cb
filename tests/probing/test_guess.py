"""A page that no site file describes is read by what its markup, scripts or elements look like."""

import json

from tdcrawl.extract.reading import read_records
from tdcrawl.probing.guess import guess_ways
from tdcrawl.records.review import REVIEW
from tdcrawl.sites.profile import ReaderName
from tests.probing.pages import WORDS, a_page, css_page


def guessed(html: str, name: ReaderName) -> tuple[str | None, dict[str, object]]:
    read = guess_ways(a_page(html), REVIEW)[name]
    return read.record, dict(read.fields)


def test_elements_are_read_when_they_are_called_like_the_fields_of_a_record() -> None:
    page = css_page("4 out of 5", "2 out of 5")
    ways = guess_ways(page, REVIEW)
    assert list(ways) == ["css", "schema_org", "microformats"]
    assert (ways["css"].record, ways["css"].fields) == (
        ".review-item",
        {
            "text": ".review-text",
            "title": ".review-title",
            "rating": ".review-stars::attr(title)",
            "date": "time::attr(datetime)",
        },
    )
    assert [raw["rating"] for raw in read_records(page, ways["css"], REVIEW).raws] == ["4 out of 5", "2 out of 5"]


def test_elements_are_read_when_they_are_called_in_another_language_and_stars_are_drawn() -> None:
    item = (
        '<li class="bewertung-eintrag"><i class="sterne"><i class="sterne-voll" style="width: {}%"></i></i>'
        '<b class="bw-text">{}</b><i class="sterne-hinweis">Mit 4 von 5 bewertet</i>'
        '<span class="bw-autor">Uta</span> am <span class="datum">5. März 2024</span></li>'
    )
    html = f'<html lang="de"><ol class="bewertungen">{item.format(80, WORDS)}{item.format(40, WORDS)}</ol>'
    record, fields = guessed(html, "css")
    assert (record, fields) == (
        ".bewertung-eintrag",
        {"text": ".bw-text", "rating": ".sterne-voll::attr(style)", "author": ".bw-autor", "date": ".datum"},
    )


def test_rating_is_not_its_bound_when_both_are_called_rating() -> None:
    review = (
        '<p class="review"><b class="best-rating">5</b><b class="rating">{}</b><i class="text">one two three</i></p>'
    )
    _, fields = guessed(review.format(3) + review.format(4), "css")
    assert (fields["rating"], fields["best_rating"]) == (".rating", ".best-rating")


def test_script_is_read_when_a_list_in_it_has_texts_and_ratings() -> None:
    reviews = [{"id": "R1", "body": WORDS, "stars": {"value": 8, "of": 10}, "user": {"id": 3, "name": "Ada"}}]
    state = json.dumps({"page": {"items": [{"body": "no rating"}], "reviews": reviews}})
    record, fields = guessed(f"<script>var a={{}};window.__STATE__ = {state};</script>", "embedded_json")
    assert record == "__STATE__.page.reviews"
    assert fields == {"review_id": "id", "text": "body", "rating": "stars", "best_rating": "stars.of", "author": "user"}


def test_script_is_read_when_it_has_an_id_and_holds_json() -> None:
    data = json.dumps([{"comment": WORDS, "score": "4"}])
    record, _ = guessed(f'<script id="data" type="application/json">{data}</script>', "embedded_json")
    assert record == "data"


def test_nothing_is_guessed_when_what_is_called_review_holds_none() -> None:
    teaser = '<div class="review"><p class="text">Read what others say</p><b class="rating">Top</b></div>'
    listed = json.dumps([{"text": "A mug of clay", "rating": "none"}])
    ways = guess_ways(a_page(f"{teaser}{teaser}<script>var items = {listed}</script>"), REVIEW)
    assert list(ways) == ["schema_org", "microformats"]


def test_nothing_is_guessed_when_fewer_than_half_of_a_list_are_records() -> None:
    others = [{"text": "A mug of clay", "rating": "none"}] * 2
    listed = json.dumps([{"text": WORDS, "rating": 4}, *others])
    assert list(guess_ways(a_page(f"<script>var items = {listed}</script>"), REVIEW)) == ["schema_org", "microformats"]


def test_schema_org_comes_first_when_it_has_texts() -> None:
    told = {"@type": "Review", "reviewBody": WORDS, "reviewRating": {"ratingValue": 4}}
    html = f'<script type="application/ld+json">{json.dumps(told)}</script>{css_page("4/5", "2/5").selector.get()}'
    assert list(guess_ways(a_page(html), REVIEW)) == ["schema_org", "css", "microformats"]


def test_locale_is_the_page_s_when_there_is_such_a_language() -> None:
    assert guess_ways(a_page('<html lang="de-AT">'), REVIEW)["schema_org"].values.locale == "de-AT"
    assert guess_ways(a_page('<html lang="xx-none">'), REVIEW)["schema_org"].values.locale == "en"
