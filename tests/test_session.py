"""The session: an item gets the same id at every visit, and no two items one id."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from tdcrawl.records.base import Raw
from tdcrawl.session import Session, open_session
from tdcrawl.sites.loading import load_profile
from tdcrawl.store.ledger import Ledger
from tests.builders import a_run

URL = "http://127.0.0.1:8717/product/7?ref=home"
Ids = Callable[..., list[str]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Open a session of the practice shop."""
    folder: Path = tmp_path_factory.mktemp("session")
    settings = Settings()
    settings.setmodule("tdcrawl.settings")
    settings.setdict({"TDCRAWL_DATA_DIR": str(folder), "TDCRAWL_DATABASE_URL": f"sqlite:///{folder}/ids.db"})
    opened = open_session(load_profile("demo_store"), "retailer_reviews", settings, [URL], again=True)
    yield opened
    opened.ledger.finish("finished", {})
    opened.ledger.engine.dispose()


def ids(session: Session, *raws: Raw, url: str = URL) -> list[str]:
    return [item.item_id for item in session.items(raws, "page", url)]


def test_id_follows_the_reviews_own_id_whatever_else_changes(session: Session) -> None:
    one = {"review_id": "R1", "product_id": "7", "text": "first words"}
    assert ids(session, one) == ids(session, {**one, "text": "edited words", "rating": "1"})
    assert ids(session, one) != ids(session, {**one, "product_id": "8"})


def test_id_follows_author_date_and_words_when_a_review_has_none_of_its_own(session: Session) -> None:
    one = {"product_id": "7", "author": "Jo", "date": "2026-05-01", "text": "Some words"}
    assert ids(session, one) == ids(session, {**one, "rating": "1", "text": "some  WORDS!"})
    for name, other in (("author", "Sam"), ("date", "2026-05-02"), ("text", "other words")):
        assert ids(session, one) != ids(session, {**one, name: other})


def test_identical_twins_on_a_page_are_counted(session: Session) -> None:
    one = {"product_id": "7", "text": "the very same"}
    first, second = ids(session, one, one)
    assert first != second
    assert ids(session, one, one) == [first, second]


def test_product_is_the_page_when_the_page_names_none(session: Session) -> None:
    (here,) = ids(session, {"text": "words"})
    assert ids(session, {"text": "words"}, url="http://127.0.0.1:8717/product/7/kettle") == [here]
    assert ids(session, {"text": "words"}, url="http://127.0.0.1:8717/product/8") != [here]


def test_id_is_one_when_a_page_shows_a_review_with_an_id_of_its_own_twice(session: Session) -> None:
    one = {"review_id": "R1", "product_id": "7", "text": "words"}
    assert len(set(ids(session, one, one))) == 1


def test_id_is_another_when_another_site_has_the_same_review(session: Session) -> None:
    other = replace(session, profile=session.profile.model_copy(update={"name": "other_store"}))
    one = {"review_id": "R1", "product_id": "7", "text": "words"}
    assert ids(session, one) != ids(other, one)


def test_page_is_one_for_all_spellings_and_another_in_another_run(session: Session) -> None:
    here = session.page_request(URL)
    assert session.page_request("http://127.0.0.1:8717/product/7").page_id == here.page_id
    later = replace(session, ledger=Ledger(session.ledger.engine, a_run("later")))
    assert later.page_request(URL).page_id != here.page_id
    assert later.page_request(URL).canonical_url == here.canonical_url
    later.ledger.finish("finished", {})


@given(st.dictionaries(st.sampled_from(["author", "date", "text", "product_id"]), st.text(max_size=20)))
def test_ids_are_the_same_at_every_visit(session: Session, raw: dict[str, str]) -> None:
    assert ids(session, raw) == ids(session, raw)


def test_ids_and_product_hold_nothing_that_no_database_can_store(session: Session) -> None:
    raw = {"review_id": "R\ud8001", "product_id": " 7\x00\udc00 ", "text": "words"}
    (item,) = session.items([raw], "page", URL)
    assert (item.group_key, item.raw["product_id"]) == ("7", "7")
    assert [item.item_id] == ids(session, {"review_id": "R1", "product_id": "7", "text": "words"})
