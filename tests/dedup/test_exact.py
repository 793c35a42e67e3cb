"""The exact index: one record for a content hash, one unfinished item at a time."""

from tdcrawl import text
from tdcrawl.dedup.exact import ExactIndex

KETTLE, TEAPOT = text.content_hash("a kettle"), text.content_hash("a teapot")


def test_claim_when_nobody_holds_the_text() -> None:
    index = ExactIndex()
    assert index.claim(KETTLE, "one") is None
    assert index.claim(TEAPOT, "two") is None


def test_claim_when_an_unfinished_item_holds_the_text() -> None:
    index = ExactIndex()
    index.claim(KETTLE, "one")
    assert index.claim(KETTLE, "two") == "one"
    assert index.record_of(KETTLE) is None


def test_settle_when_the_item_became_a_record() -> None:
    index = ExactIndex()
    index.claim(KETTLE, "one")
    index.settle(KETTLE, "one", accepted=True)
    assert index.claim(KETTLE, "two") is None
    assert index.record_of(KETTLE) == "one"


def test_settle_when_the_item_failed_leaves_the_text_to_its_twin() -> None:
    index = ExactIndex()
    index.claim(KETTLE, "one")
    index.settle(KETTLE, "one", accepted=False)
    assert index.record_of(KETTLE) is None
    assert index.claim(KETTLE, "two") is None
    assert index.claim(KETTLE, "three") == "two"
