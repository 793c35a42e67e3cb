"""What a failed record keeps: enough to see what was wrong, and no more."""

from tdcrawl.outcomes import FieldError, ValidateReason, failed
from tdcrawl.records.failed import evidence
from tdcrawl.records.review import REVIEW
from tests.builders import an_item


def test_evidence_when_a_value_is_huge_is_cut() -> None:
    item = an_item()
    item.raw = {"text": "x" * 10_000, "title": "y" * 10_001}
    why = failed([FieldError("text", ValidateReason.TOO_SHORT, "1 words")])
    kept = evidence(item, REVIEW, why, b"k" * 32)
    assert kept["item"] == {"text": "x" * 10_000, "title": f"{'y' * 10_000}… (10001 characters)"}
    assert (kept["message"], kept["errors"][0]["value"]) == ("text: 1 words", None)


def test_evidence_masks_persons_in_addresses_and_nothing_else() -> None:
    item = an_item()
    item.requested_url = "https://shop.example/p?email=bob@post.example&id=1234567890"
    item.canonical_url = "https://shop.example/p?email=bob%40post.example&id=1234567890"
    why = failed([FieldError("text", ValidateReason.TOO_SHORT, "1 words")])
    kept = evidence(item, REVIEW, why, b"k" * 32)
    assert kept["requested_url"] == kept["canonical_url"] == "https://shop.example/p?email=[email]&id=1234567890"
    item.requested_url, item.canonical_url = "https://shop.example/a%40/0123", None
    kept = evidence(item, REVIEW, why, b"k" * 32)
    assert (kept["requested_url"], kept["canonical_url"]) == ("https://shop.example/a%40/0123", None)
