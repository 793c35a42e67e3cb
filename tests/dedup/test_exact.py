"""Claims: one unfinished item at a time holds a text."""

from tdcrawl.dedup.exact import Claims


def test_claim_when_nobody_holds_the_text() -> None:
    claims = Claims()
    assert claims.claim("a kettle", "one") is None
    assert claims.claim("a teapot", "two") is None


def test_claim_when_another_item_holds_the_text() -> None:
    claims = Claims()
    claims.claim("a kettle", "one")
    assert claims.claim("a kettle", "two") == "one"
    assert claims.claim("a kettle", "one") is None


def test_release_leaves_the_text_to_the_next() -> None:
    claims = Claims()
    claims.claim("a kettle", "one")
    claims.release("a kettle", "one")
    assert claims.claim("a kettle", "two") is None


def test_release_when_another_item_holds_the_text_changes_nothing() -> None:
    claims = Claims()
    claims.claim("a kettle", "one")
    claims.release("a kettle", "two")
    assert claims.claim("a kettle", "two") == "one"
