"""The bundled site files load, and fit the shop they are for."""

import json
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import re2
from parsel import Selector

from tdcrawl.demo.__main__ import PORT
from tdcrawl.demo.catalogue import practice_shop, shop_from_csv
from tdcrawl.demo.markup import SITES, Markup
from tdcrawl.demo.pages import print_shop, product_path
from tdcrawl.extract.reading import Page, read_records
from tdcrawl.extract.values import ValueRules, read_values
from tdcrawl.outcomes import Rejection, ValidateReason
from tdcrawl.records import RECORD_TYPES
from tdcrawl.sites.loading import bundled_sites, load_profile
from tests.conftest import PROJECT


@pytest.mark.parametrize("name", sorted(set(SITES.values())))
def test_site_file_starts_at_the_shop_when_loaded(name: str) -> None:
    profile = load_profile(name)

    assert profile.name == name
    assert profile.start.urls == [f"http://127.0.0.1:{PORT}/catalogue"]
    assert profile.expect.max_failed_share == 0.08


@pytest.mark.parametrize("name", sorted(set(SITES.values())))
def test_editor_label_is_the_one_unknown_field_when_fields_are_compared(name: str) -> None:
    profile = load_profile(name)

    named = {*profile.read.fields, *profile.read.page_fields}
    assert named - set(RECORD_TYPES[profile.record_type].fields) == {"editor_label"}


def test_every_bundled_site_has_a_page_when_compared() -> None:
    assert set(bundled_sites()) - {path.name for path in (PROJECT / "tests" / "pages").iterdir()} == set()


def test_same_page_covers_every_alias_when_products_are_listed() -> None:
    pattern = load_profile("demo_store").canonical.same_page

    for path in ("/product/17", "/product/17/fernhollow-kettle", "/product/17;jsessionid=A1?sid=5"):
        assert re2.search(pattern, path)["id"] == "17"


@pytest.mark.parametrize("markup", Markup)
def test_rating_of_zero_is_out_of_range_when_a_file_serves_it_in_any_markup(markup: Markup, tmp_path: Path) -> None:
    reviews = tmp_path / "reviews.csv"
    reviews.write_text(f"product_id,text,rating\n7,{'A plain spoon ' * 5},0\n7,{'A bent spoon ' * 5},2\n")
    page = print_shop(shop_from_csv(reviews), markup, "http://127.0.0.1:1")["/product/7"]
    read, review = load_profile(SITES[markup]).read, RECORD_TYPES["review"]

    found = read_records(Page("http://127.0.0.1:1/product/7", Selector(page.body.decode())), read, review)

    rules = ValueRules(read.values.locale, read.values.rating_scale, datetime.now(UTC))
    unrated, rated = ({"product_id": "7"} | raw for raw in found.raws)
    assert read_values(review, rated, rules)["rating"] == 2
    with pytest.raises(Rejection) as rejection:
        read_values(review, unrated, rules)
    assert [(error.field, error.reason) for error in rejection.value.fields] == [
        ("rating", ValidateReason.OUT_OF_RANGE)
    ]


def value_at(path: str, record: dict[str, Any]) -> Any:
    return reduce(lambda value, key: value.get(key, {}), path.split("."), record)


def product_pages(markup: Markup) -> list[Selector]:
    pages = print_shop(practice_shop(), markup, "http://127.0.0.1:1")
    shown = [address for product in practice_shop().products for address in pages if address == product_path(product)]
    return [Selector(pages[address].body.decode()) for address in shown]


def test_every_css_field_is_found_when_the_shop_is_printed() -> None:
    read = load_profile("demo_store_css").read
    pages = product_pages(Markup.CSS)

    for name, selectors in read.fields.items():
        selector = selectors if isinstance(selectors, str) else selectors[0]
        assert any(page.css(read.record or "").css(selector) for page in pages), name
    assert all(page.css(str(read.page_fields["product_id"])) for page in pages)


def test_every_key_path_is_found_when_the_shop_is_printed() -> None:
    read = load_profile("demo_store_json").read
    scripts = [
        page.css("script::text").re_first(r"^window\.__SHOP__ = (.*);$") for page in product_pages(Markup.EMBEDDED_JSON)
    ]
    records = [record for script in scripts for record in json.loads(script or "")["reviews"]]

    assert read.record == "__SHOP__.reviews"
    for name, path in read.fields.items():
        assert any(value_at(str(path), record) for record in records), name
