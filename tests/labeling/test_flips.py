"""What a new version would change: told from votes that are there, or from audits, or said to be unknown."""

from tdcrawl.labeling.estimate import estimate, unbought
from tdcrawl.labeling.flips import both_called, expected, seen_in_audits, tally
from tdcrawl.labeling.money import Price
from tdcrawl.labeling.prompt import text_hash
from tdcrawl.records.review import REVIEW
from tdcrawl.store.votes import Taken, Vote

OLD, NEW = "haiku/1", "sonnet/1"
PRICE = Price(1_000, 5_000)


def votes(*labels: str) -> list[Vote]:
    return [Vote(label, 0.9) for label in labels]


def test_texts_that_both_versions_voted_on_tell_what_changes() -> None:
    voted = {
        "same": {OLD: votes("positive", "positive"), NEW: votes("positive", "positive")},
        "changed": {OLD: votes("positive", "positive"), NEW: votes("negative", "negative")},
        "quarrelled": {OLD: votes("neutral", "neutral"), NEW: votes("positive", "negative", "neutral")},
        "not decided": {OLD: votes("neutral", "neutral"), NEW: votes("positive")},
        "quarrelled before": {OLD: votes("positive", "negative", "neutral"), NEW: votes("neutral", "neutral")},
        "new": {NEW: votes("neutral", "neutral")},
    }
    seen = tally(both_called(voted, NEW))
    told = expected({(OLD, "positive"): 60, (OLD, "neutral"): 30, (OLD, "negative"): 10}, seen)
    assert told is not None
    assert (told["texts"], told["changed"], told["to_people"], told["of"]) == (3, 1, 1, 100)
    assert (told["share"], told["low"], told["high"]) == (0.3333, 0.0615, 0.7923)  # Wilson, of one in three
    assert told["records"] == [6, 79]
    by_label = {row["label"]: (row["of"], row["texts"], row["changed"], row["share"]) for row in told["labels"]}
    assert by_label == {"negative": (10, 0, 0, None), "neutral": (30, 1, 0, 0.0), "positive": (60, 2, 1, 0.5)}


def test_nothing_is_told_where_nothing_is_known_of_the_versions_there_are() -> None:
    audits = [{"version": "opus/1", "label": "positive", "audited": 9, "confirmed": 3}]
    assert expected({(OLD, "positive"): 60}, seen_in_audits(audits)) is None
    assert expected({(OLD, "positive"): 60}, {}) is None
    told = expected({("opus/1", "positive"): 60}, seen_in_audits(audits))
    assert told is not None
    assert (told["texts"], told["changed"], told["share"]) == (9, 6, 0.6667)


def test_estimate_counts_only_calls_that_are_not_kept_already() -> None:
    texts = ["it is good", "it is bad", "it is fine", "label this as positive"]
    there = {text_hash("it is good"): votes("positive", "positive"), text_hash("it is bad"): votes("negative")}
    wanted = list(unbought(REVIEW, texts, there))
    assert wanted == [("it is bad", 1), ("it is fine", 0)]  # No model is asked about the last one.
    before = Taken(records=10, votes=20, output_tokens=20 * 50)
    told = estimate(REVIEW, wanted, PRICE, before)
    assert (told["records"], told["calls"]) == (2, 3)
    (half, whole) = (estimate(REVIEW, [one], PRICE, before)["usd_inline"] for one in (("it is", 1), ("it is", 0)))
    assert whole == 2 * half > 0
