"""Decisions: an item goes where its new name puts it, whole, and comes back when the decision is taken back."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.records.base import digest
from tdcrawl.records.naming import Label
from tdcrawl.store.deciding import Decision, bucket_of, decide, withdraw
from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.label_tables import labels, review_tasks, unlabelled
from tdcrawl.store.rows import Row
from tdcrawl.store.tables import duplicates, outcomes, over_quota, quota_seats, records
from tdcrawl.store.terms import Sampling, Terms
from tdcrawl.store.verify import check_ledger
from tdcrawl.store.waiting import _place_in_line
from tests.builders import GOOD_TEXT, terms
from tests.reviewing import QUARREL, REVIEWING, ask, unnamed

SAID = Label("negative", "person", "asked-1")


def call(engine: Engine, item_id: str, agreed: Terms, verdict: Label | Rejection = SAID) -> Bucket:
    with writing(engine) as connection:
        (bucket,) = decide(connection, [Decision(item_id, verdict, agreed, REVIEWING)])
    return bucket


def take_back(engine: Engine, item_id: str, agreed: Terms) -> None:
    with writing(engine) as connection:
        withdraw(connection, item_id, agreed, REVIEWING, QUARREL)


def seats(engine: Engine) -> Mapping[str, int]:
    with engine.connect() as connection:
        taken = connection.execute(select(quota_seats.c.stratum, quota_seats.c.taken)).all()
    return {stratum: number for stratum, number in taken if number}


def told(engine: Engine, item_id: str) -> list[Row]:
    with engine.connect() as connection:
        mine = select(labels).where(labels.c.record_id == item_id).order_by(labels.c.label_id)
        return [dict(row) for row in connection.execute(mine).mappings()]


def test_decide_makes_a_record_of_what_waited_and_withdraw_makes_it_wait_again(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    (item_id,) = [unnamed("one").item_id]
    agreed = terms(engine, {"negative": 5})
    assert call(engine, item_id, agreed) is Bucket.RECORD
    with engine.connect() as connection:
        (row,) = connection.execute(select(records)).mappings()
        assert connection.execute(select(unlabelled)).all() == []
    assert (row["record_id"], row["label"], row["label_source"], row["stratum"]) == (
        item_id,
        "negative",
        "person",
        "negative",
    )
    assert (seats(engine), check_ledger(engine).problems) == ({"negative": 1}, [])
    take_back(engine, item_id, agreed)
    with engine.connect() as connection:
        assert connection.execute(select(records)).all() == []
        (outcome,) = connection.execute(select(outcomes)).mappings()
    assert (outcome["bucket"], outcome["reason"]) == ("needs_review", "votes_disagree")
    assert [(one["kind"], one["label"], one["source"]) for one in told(engine, item_id)] == [
        ("decision", "negative", "person"),
        ("decision", None, "person"),
    ]
    assert (seats(engine), check_ledger(engine).problems) == ({}, [])
    # And once more: nothing of the first time is in the way.
    assert call(engine, item_id, agreed) is Bucket.RECORD
    assert check_ledger(engine).problems == []
    engine.dispose()


def test_decide_on_a_copy_of_a_record_makes_it_a_duplicate_until_the_record_is_withdrawn(database_url: str) -> None:
    first, second = unnamed("one"), unnamed("two", text=f"{GOOD_TEXT} one")
    better, worse = sorted((first.item_id, second.item_id))
    engine = ask(database_url, [first, second])
    agreed = terms(engine)
    assert call(engine, better, agreed) is Bucket.RECORD
    assert call(engine, worse, agreed) is Bucket.DUPLICATE
    with engine.connect() as connection:
        assert connection.scalars(select(duplicates.c.matched_record_id)).all() == [better]
    # What repeated only it is placed anew, under the name that was decided for it.
    take_back(engine, better, agreed)
    with engine.connect() as connection:
        assert (bucket_of(connection, better), bucket_of(connection, worse)) == (Bucket.NEEDS_REVIEW, Bucket.RECORD)
    assert check_ledger(engine).problems == []
    engine.dispose()


def test_decide_where_no_seat_is_left_puts_it_over_quota_and_withdraw_brings_it_back(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    item_id, agreed = unnamed("one").item_id, terms(engine, {"negative": 0})
    assert call(engine, item_id, agreed) is Bucket.OVER_QUOTA
    with engine.connect() as connection:
        assert connection.execute(select(over_quota.c.label, over_quota.c.label_source)).all() == [
            ("negative", "person")
        ]
    assert check_ledger(engine).problems == []
    take_back(engine, item_id, agreed)
    assert (check_ledger(engine).items["needs_review"], check_ledger(engine).problems) == (1, [])
    engine.dispose()


def test_decide_on_a_record_changes_its_name_and_its_seat(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    item_id, agreed = unnamed("one").item_id, terms(engine)
    call(engine, item_id, agreed)
    assert call(engine, item_id, agreed, Label("positive", "person", "asked-1")) is Bucket.RECORD
    with engine.connect() as connection:
        assert connection.execute(select(records.c.label, records.c.stratum)).all() == [("positive", "positive")]
    assert [row["label"] for row in told(engine, item_id)] == ["negative", "positive"]
    assert (seats(engine), check_ledger(engine).problems) == ({"positive": 1}, [])
    engine.dispose()


@pytest.mark.parametrize("bucket", [Bucket.PENDING, Bucket.NEEDS_REVIEW])
def test_decide_that_it_goes_on_waiting_says_why(database_url: str, bucket: Bucket) -> None:
    engine = ask(database_url, [unnamed("one")], LabelReason.NOT_ASKED)
    item_id, why = unnamed("one").item_id, Rejection(bucket, LabelReason.SUSPECTED_INJECTION, "it gives orders")
    assert call(engine, item_id, terms(engine), why) is bucket
    with engine.connect() as connection:
        (outcome,) = connection.execute(select(outcomes)).mappings()
        kinds = connection.scalars(select(review_tasks.c.kind)).all()
    assert (outcome["bucket"], outcome["reason"]) == (bucket, "suspected_injection")
    assert kinds == (["suspected_injection"] if bucket is Bucket.NEEDS_REVIEW else [])
    assert check_ledger(engine).problems == []
    engine.dispose()


def test_decide_that_it_goes_on_waiting_comes_too_late_where_it_waits_for_people(database_url: str) -> None:
    engine = ask(database_url, [unnamed("one")])
    why = Rejection(Bucket.PENDING, LabelReason.BUDGET_SPENT, "…")
    assert call(engine, unnamed("one").item_id, terms(engine), why) is Bucket.NEEDS_REVIEW
    assert check_ledger(engine).problems == []
    engine.dispose()


def call_anew(engine: Engine, item_id: str, agreed: Terms, verdict: Label | Rejection) -> Bucket:
    with writing(engine) as connection:
        (bucket,) = decide(connection, [Decision(item_id, verdict, agreed, REVIEWING, "haiku/1")])
    return bucket


OLD, NEW = Label("positive", "model", "haiku/1", 0.8), Label("negative", "model", "sonnet/1", 0.9)


def test_label_of_a_version_is_replaced_and_the_new_one_audited(database_url: str) -> None:
    engine, item_id = ask(database_url, [unnamed("one")]), unnamed("one").item_id
    agreed = replace(terms(engine), sampling=Sampling(audit=1))
    call(engine, item_id, terms(engine), OLD)
    with writing(engine) as connection:
        connection.execute(delete(review_tasks))
    assert call_anew(engine, item_id, agreed, NEW) is Bucket.RECORD
    with engine.connect() as connection:
        kept = connection.execute(select(records.c.label, records.c.stratum, records.c.label_confidence)).all()
        assert connection.scalars(select(review_tasks.c.kind)).all() == ["audit"]
    assert (kept, seats(engine)) == ([("negative", "negative", 0.9)], {"negative": 1})
    assert [(row["label"], row["version"]) for row in told(engine, item_id)] == [
        ("positive", "haiku/1"),
        ("negative", "sonnet/1"),
    ]
    assert check_ledger(engine).problems == []
    engine.dispose()


@pytest.mark.parametrize("verdict", [NEW, Rejection(Bucket.NEEDS_REVIEW, QUARREL, "votes: positive; negative")])
@pytest.mark.parametrize("last", [SAID, Label("neutral", "model", "opus/1", 0.9)])
def test_label_of_a_version_is_not_replaced_where_somebody_else_was_faster(
    database_url: str, verdict: Label | Rejection, last: Label
) -> None:
    engine, item_id = ask(database_url, [unnamed("one")], LabelReason.NOT_ASKED), unnamed("one").item_id
    call(engine, item_id, terms(engine), OLD)
    call(engine, item_id, terms(engine), last)
    assert call_anew(engine, item_id, terms(engine), verdict) is Bucket.RECORD
    with engine.connect() as connection:
        assert connection.scalars(select(records.c.label)).all() == [last.name]
        assert connection.scalars(select(review_tasks.c.kind)).all() == []
    assert len(told(engine, item_id)) == 2
    engine.dispose()


def test_quarrel_about_a_record_opens_a_task_and_moves_nothing(database_url: str) -> None:
    engine, item_id = ask(database_url, [unnamed("one")], LabelReason.NOT_ASKED), unnamed("one").item_id
    call(engine, item_id, terms(engine), OLD)
    for place, reason in ((Bucket.PENDING, LabelReason.BUDGET_SPENT), (Bucket.NEEDS_REVIEW, QUARREL)):
        assert call_anew(engine, item_id, terms(engine), Rejection(place, reason, "so it is")) is Bucket.RECORD
    with engine.connect() as connection:
        assert connection.execute(select(review_tasks.c.kind, review_tasks.c.priority)).all() == [
            ("votes_disagree", 20)
        ]
        assert connection.scalars(select(records.c.label)).all() == ["positive"]
        assert connection.execute(select(outcomes.c.bucket, outcomes.c.reason)).all() == [("record", None)]
    assert check_ledger(engine).problems == []
    engine.dispose()


def test_each_version_is_audited_by_an_even_sample_of_its_own() -> None:
    ids = [digest(str(number)) for number in range(400)]
    first, second = ({one for one in ids if _place_in_line(one, version) < 0.5} for version in ("haiku/1", "sonnet/1"))
    assert (abs(len(first) - 200) < 50, abs(len(second) - 200) < 50) == (True, True)
    assert abs(len(first & second) - 100) < 40
