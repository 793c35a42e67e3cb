"""A page case is small, reads as the page did, and fails field by field, and until a person has confirmed it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tdcrawl.errors import SiteError
from tdcrawl.probing.cases import check_case, read_page, site_of, write_case
from tdcrawl.probing.draft import draft
from tdcrawl.probing.trimming import LARGEST, trim
from tdcrawl.sites.loading import parse_profile
from tdcrawl.sites.profile import SiteProfile
from tests.probing.pages import a_page, css_page

PAGE = css_page("4 of 5", "2 of 5")


def drafted() -> SiteProfile:
    return parse_profile("my_shop", draft("my_shop", [PAGE]).encode(), "my_shop.toml")


def a_case(folder: Path, **changes: Any) -> tuple[Path, SiteProfile]:
    """Write a case, confirmed and with one record's fields changed."""
    case, profile = folder / "tests" / "pages" / "my_shop" / "product", drafted()
    write_case(case, PAGE, profile)
    expected = json.loads((case / "expected.json").read_text())
    expected["records"][1] |= changes
    (case / "expected.json").write_text(json.dumps(expected | {"confirmed": True}))
    return case, profile


def test_case_fails_when_nobody_has_confirmed_it(tmp_path: Path) -> None:
    write_case(tmp_path / "case", PAGE, drafted())
    told = 'nobody has confirmed it: compare expected.json with the page, then set "confirmed": true in it'
    assert list(check_case(tmp_path / "case", drafted())) == [told]


def test_case_passes_when_it_is_confirmed(tmp_path: Path) -> None:
    assert list(check_case(*a_case(tmp_path))) == []


def test_each_field_has_its_line_when_it_is_read_otherwise(tmp_path: Path) -> None:
    assert list(check_case(*a_case(tmp_path, rating="3", title="Other", author="Ada"))) == [
        "record 2, author: 'Ada' expected, nothing read",
        "record 2, rating: '3' expected, '2 of 5' read",
        "record 2, title: 'Other' expected, 'Title 2' read",
    ]


def test_number_and_reader_have_their_lines_when_a_selector_finds_nothing_anymore(tmp_path: Path) -> None:
    case, profile = a_case(tmp_path)
    broken = profile.model_copy(update={"read": profile.read.model_copy(update={"record": ".gone"})})
    assert list(check_case(case, broken)) == [
        "read_by: ['css'] expected, [] read",
        "records: 2 expected, 0 read",
    ]


def test_site_of_cases_is_the_file_beside_tests_when_there_is_one(tmp_path: Path) -> None:
    pages = tmp_path / "tests" / "pages"
    assert site_of(pages / "demo_store").read.reader == ["schema_org"]
    (tmp_path / "demo_store.toml").write_text(draft("demo_store", [PAGE]))
    assert site_of(pages / "demo_store").read.reader == ["css"]
    with pytest.raises(SiteError, match=r"my_shop\.toml"):
        site_of(pages / "my_shop")


def test_page_is_cut_to_what_is_read_when_it_is_large() -> None:
    profile = drafted()
    script = '<script>state = 1</script><script type="application/ld+json">{}</script>'
    filler = "".join(f"<div><p>Menu {number} {'of many words ' * 40}</p></div>" for number in range(60))
    page = a_page(f"<style>b</style>{script}{filler}<main>{PAGE.selector.get()}{filler}</main>")
    trimmed = trim(page, lambda cut: read_page(cut, profile) == read_page(page, profile))
    assert len(trimmed) < LARGEST
    assert read_page(a_page(trimmed), profile) == read_page(page, profile)
    assert "Menu" not in trimmed
    assert "<style>" not in trimmed


def test_small_page_keeps_its_words_and_the_script_that_is_read() -> None:
    page = a_page('tea <svg></svg> time<p>Hours</p><script id="data">1</script><script>track()</script>')
    kept = trim(page, lambda cut: cut.selector.css("#data::text").get() == "1")
    assert "tea  time" in kept
    assert "<p>Hours</p>" in kept
    assert ("data" in kept, "track" in kept, "svg" in kept) == (True, False, False)


def test_page_is_written_when_it_is_nested_deeper_than_is_tried() -> None:
    page = a_page("<div>" * 1200 + f"<b>{'words ' * 5000}</b><i>read</i>")
    kept = trim(page, lambda cut: cut.selector.css("i::text").get() == "read")
    assert a_page(kept).selector.css("i::text").get() == "read"


def test_page_stays_whole_when_every_cut_changes_it() -> None:
    page = a_page("<style>b</style><p>Hours</p>")
    assert trim(page, lambda _: False) == page.selector.get()
