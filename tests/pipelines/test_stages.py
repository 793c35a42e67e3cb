"""The stages: each gives its reasons, and what several items at once could break holds."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tdcrawl.extract.recognising import _traces
from tdcrawl.outcomes import Rejection, ValidateReason
from tdcrawl.records.review import REVIEW
from tdcrawl.store.tables import duplicates, failed_records, records
from tests.pipelines.conftest import GOOD, PAGE_URL, Line

TEXT = GOOD["text"]
NEAR = f"{TEXT} indeed"
OPPOSITE = TEXT.replace("has not leaked", "has leaked")


def stored(line: Line, table: Any) -> list[dict[str, Any]]:
    with line.session.ledger.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def say(line: Line, **values: Any) -> None:
    """Let the site file say something else of the values on its pages."""
    profile = line.session.profile
    read = profile.read.model_copy(update={"values": profile.read.values.model_copy(update=values)})
    object.__setattr__(line.session, "profile", profile.model_copy(update={"read": read}))


def test_canonicalize_url_gives_one_address_and_keeps_the_requested_one(line: Line) -> None:
    line.run(GOOD)
    (record,) = stored(line, records)
    assert (record["requested_url"], record["canonical_url"]) == (PAGE_URL, "https://shop.example/product/17")


def test_canonicalize_url_when_the_address_is_none(line: Line) -> None:
    (item,) = line.items([GOOD])
    item.requested_url = "ftp://shop.example/"
    stage = line.processor.middlewares[0]
    with pytest.raises(Rejection, match="does not begin with http") as caught:
        stage.process_item(item)
    assert caught.value.reason is ValidateReason.WRONG_TYPE


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"rating": ""}, "missing_field", "rating"),
        ({"text": " "}, "missing_field", "text"),
        ({"rating": "great"}, "wrong_type", "rating"),
        ({"rating": "7"}, "out_of_range", "rating"),
        ({"text": "too short by far"}, "too_short", "text"),
        ({"text": "word " * 12_000}, "too_long", "text"),
        ({"text": "word " * 200_000}, "too_long", "text"),
        ({"date": "someday"}, "bad_date", "date"),
        ({"text": f"{TEXT} \N{REPLACEMENT CHARACTER}"}, "bad_encoding", "text"),
        ({"verdict": "positive"}, "unknown_field", "verdict"),
    ],
)
def test_validate_record_names_reason_and_field(line: Line, changes: dict[str, str], reason: str, field: str) -> None:
    assert line.run({**GOOD, **changes}) == [reason]
    (row,) = stored(line, failed_records)
    assert (row["stage"], row["reason"]) == ("validate_record", reason)
    assert [(error["field"], error["reason"]) for error in row["errors"]] == [(field, reason)]


def test_validate_record_leaves_a_date_open_that_may_be_two(line: Line) -> None:
    assert line.run({**GOOD, "date": "03/04/2024"}) == ["record"]
    (record,) = stored(line, records)
    assert (record["data"]["reviewed_at"], record["flags"]) == (None, ["ambiguous_date"])


def test_validate_record_flags_what_no_database_can_hold_and_keeps_what_is_only_invisible(line: Line) -> None:
    assert line.run({**GOOD, "text": f"{TEXT}\N{ZERO WIDTH SPACE}\N{RIGHT-TO-LEFT OVERRIDE}\0\ud800"}) == ["record"]
    (record,) = stored(line, records)
    assert record["data"]["text"] == f"{TEXT}\N{ZERO WIDTH SPACE}\N{RIGHT-TO-LEFT OVERRIDE}"
    assert record["flags"] == ["removed_characters"]
    # What nobody sees makes no other text.
    line.run({**GOOD, "author": "Sam Invented"})
    assert [row["reason"] for row in stored(line, duplicates)] == ["exact_duplicate"]


def test_validate_record_when_no_scale_is_known(open_line: Callable[..., Line]) -> None:
    line = open_line()
    say(line, rating_scale=None)
    assert line.run({**GOOD, "rating": "80"}) == ["ambiguous_scale"]


def test_redact_personal_data_masks_texts_and_hashes_persons(line: Line) -> None:
    line.run({**GOOD, "text": f"{TEXT}, write to jo@post.example"})
    (record,) = stored(line, records)
    assert record["data"]["text"] == f"{TEXT}, write to [email]"
    assert record["data"]["author"] is None
    assert len(record["data"]["author_hash"]) == 32
    assert record["flags"] == ["masked_email"]


def test_redact_personal_data_flags_what_each_text_held(line: Line) -> None:
    line.run({**GOOD, "text": f"{TEXT}, write to jo@post.example", "title": "Call +1 415 555 0132"})
    (record,) = stored(line, records)
    assert record["data"]["title"] == "Call [phone]"
    assert record["flags"] == ["masked_email", "masked_phone"]


def test_phone_numbers_are_those_of_the_site_in_records_in_failures_and_where_texts_are_recognised(line: Line) -> None:
    say(line, locale="de")
    raw = {**GOOD, "text": f"{TEXT}, man erreicht sie unter 089 1234567 abends"}
    assert line.run(raw, {**raw, "rating": "siehe 089 1234567"}) == ["record", "wrong_type"]
    (record,), (failure,) = stored(line, records), stored(line, failed_records)
    assert record["data"]["text"] == failure["item"]["text"] == f"{TEXT}, man erreicht sie unter [phone] abends"
    assert failure["item"]["rating"] == failure["errors"][0]["value"] == "siehe [phone]"
    session = line.session
    (traces,) = (_traces(item, REVIEW, session.profile, session.person_key) for item in line.items([raw]))
    assert traces.content_hash == record["content_hash"]


def test_drop_exact_duplicates_when_twins_come_at_once(line: Line) -> None:
    twins = [
        {**GOOD, "author": f"Author {number}", "text": TEXT.upper() if number % 2 else TEXT} for number in range(20)
    ]
    assert set(line.run(*twins)) == {"exact_duplicate", "record"}
    (record,) = stored(line, records)
    # The smallest id, as all else is equal.
    assert record["record_id"] == min(item.item_id for item in line.items(list(twins)))
    assert len(stored(line, duplicates)) == line.stat("items/duplicate") == 19
    assert {row["matched_record_id"] for row in stored(line, duplicates)} == {record["record_id"]}


def test_drop_near_duplicates_when_they_come_at_once(line: Line) -> None:
    line.run(GOOD, {**GOOD, "text": f"{NEAR} really"}, {**GOOD, "text": NEAR})
    assert [row["data"]["text"] for row in stored(line, records)] == [f"{NEAR} really"]
    assert [row["reason"] for row in stored(line, duplicates)] == ["near_duplicate"] * 2
    assert all(0.8 <= row["score"] < 1 for row in stored(line, duplicates))


def test_drop_near_duplicates_when_the_label_is_the_opposite(line: Line) -> None:
    assert line.run(GOOD, {**GOOD, "text": OPPOSITE, "rating": "1"}) == ["record", "record"]
    kept = stored(line, records)
    assert {row["label"] for row in kept} == {"positive", "negative"}
    assert len({row["cluster_id"] for row in kept}) == 1


def test_drop_near_duplicates_when_opposites_come_in_a_row_gives_all_one_cluster(
    open_line: Callable[..., Line],
) -> None:
    words = [f"word{number}" for number in range(30)]
    first, second, third = (" ".join(words[start : start + 20]) for start in (0, 2, 4))
    line = open_line(TDCRAWL_NEAR_DUPLICATE_THRESHOLD="0.8")
    assert line.run({"text": first, "rating": "5"}, {"text": second, "rating": "1"}) == ["record", "record"]
    # Only the second is similar enough to the third.
    assert line.run({"text": third, "rating": "3"}) == ["record"]
    assert len({row["cluster_id"] for row in stored(line, records)}) == 1


def test_duplicates_are_found_across_runs(open_line: Callable[..., Line]) -> None:
    assert open_line().run(GOOD) == ["record"]
    later = open_line()
    shorter = TEXT.removesuffix(" use")
    assert later.run({**GOOD, "author": "Sam Invented", "date": "2999"}, {**GOOD, "text": shorter})[1:] == [
        "near_duplicate"
    ]


def test_label_record_follows_the_rating(line: Line) -> None:
    words = ("alpha", "beta", "gamma")
    ratings = ("5", "3", "1")
    line.run(*({"text": f"{word} " * 12, "rating": rating} for word, rating in zip(words, ratings, strict=True)))
    assert {row["data"]["rating"]: row["label"] for row in stored(line, records)} == {
        5.0: "positive", 3.0: "neutral", 1.0: "negative",
    }  # fmt: skip


def test_enforce_quota_when_more_come_at_once_than_there_are_seats(open_line: Callable[..., Line]) -> None:
    line = open_line(TDCRAWL_QUOTA='{"positive": 3}')
    fates = line.run(*({**GOOD, "text": f"{f'word{number} ' * 12}"} for number in range(10)))
    assert sorted(fates) == ["quota_full"] * 7 + ["record"] * 3


def test_enforce_quota_counts_what_earlier_runs_kept(open_line: Callable[..., Line]) -> None:
    open_line().run(GOOD)
    assert open_line(TDCRAWL_QUOTA='{"positive": 1}').run({**GOOD, "text": "other " * 12}) == ["quota_full"]


def test_enforce_quota_when_it_is_switched_off_lifts_the_quota(open_line: Callable[..., Line]) -> None:
    line = open_line(TDCRAWL_QUOTA='{"positive": 0}', TDCRAWL_ENFORCE_QUOTA_ENABLED="false")
    assert line.run(GOOD) == ["record"]
