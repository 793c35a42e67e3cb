"""What a failed record keeps: enough to see what was wrong, and no more."""

from tdcrawl.outcomes import AnyStageReason, Bucket, FieldError, Rejection, ValidateReason, failed
from tdcrawl.privacy import person_hash
from tdcrawl.records.failed import Hiding
from tdcrawl.records.review import REVIEW
from tests.builders import an_item

KEY = b"k" * 32


def test_evidence_when_a_value_is_huge_is_cut() -> None:
    item = an_item()
    item.raw = {"text": "x" * 10_000, "title": "y" * 10_001}
    why = failed([FieldError("text", ValidateReason.TOO_SHORT, "1 words")])
    kept = Hiding(item, REVIEW, KEY).evidence(why)
    assert kept["item"] == {"text": "x" * 10_000, "title": f"{'y' * 10_000}… (10001 characters)"}
    assert (kept["message"], kept["errors"][0]["value"]) == ("text: 1 words", None)


def test_rejection_names_nobody_when_it_quotes_the_item() -> None:
    item = an_item()
    item.raw = {"author": "O'Neil Jané", "rating": "great"}
    hashed = f"person:{person_hash(KEY, item.raw['author'])}"
    errors = [
        FieldError("rating", ValidateReason.WRONG_TYPE, "O'Neil Jané: 030 23125 123", "O'Neil Jané, O'Neil Janés"),
        FieldError("author", ValidateReason.TOO_LONG, "too long", "O'Neil J"),
    ]
    broke = Rejection(Bucket.FAILED, AnyStageReason.STAGE_ERROR, f"{item.raw!r}", fields=errors)
    why = Hiding(item, REVIEW, KEY, "de").rejection(broke)
    assert why.detail == f"{{'author': \"{hashed}\", 'rating': 'great'}}"
    assert [(error.message, error.value) for error in why.fields] == [
        (f"{hashed}: [phone]", f"{hashed}, O'Neil Janés"),
        ("too long", None),
    ]


def test_rejection_is_readable_when_a_name_has_one_character() -> None:
    item = an_item()
    item.raw = {"author": "a"}
    assert Hiding(item, REVIEW, KEY).error("a rating that is a word") == "a rating that is a word"


def test_evidence_masks_persons_in_addresses_and_nothing_else() -> None:
    item = an_item()
    item.requested_url = "https://shop.example/p?email=bob@post.example&id=1234567890"
    item.canonical_url = "https://shop.example/p?email=bob%40post.example&id=1234567890"
    why = failed([FieldError("text", ValidateReason.TOO_SHORT, "1 words")])
    kept = Hiding(item, REVIEW, KEY).evidence(why)
    assert kept["requested_url"] == kept["canonical_url"] == "https://shop.example/p?email=[email]&id=1234567890"
    item.requested_url, item.canonical_url = "https://shop.example/a%40/0123", None
    kept = Hiding(item, REVIEW, KEY).evidence(why)
    assert (kept["requested_url"], kept["canonical_url"]) == ("https://shop.example/a%40/0123", None)
