"""The index: what may be similar is found, through growth, loading and taking back."""

import gzip
import random
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from tdcrawl import text
from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex, entry_bytes

WORDS = [f"word{number}" for number in range(5_000)]


def some_texts(number: int) -> dict[str, str]:
    chance = random.Random(number)  # noqa: S311 - the same texts each time
    return {f"{turn:032x}": " ".join(chance.sample(WORDS, 40)) for turn in range(number)}


def filled(texts: dict[str, str]) -> TextIndex:
    index = TextIndex(0.8)
    for item_id, words in texts.items():
        index.add(item_id, near.sign(words))
    return index


def test_near_finds_every_text_again_after_growing() -> None:
    texts = some_texts(4_000)
    index = filled(texts)
    assert len(index) == 4_000
    assert all(index.near(near.sign(words)) == {item_id} for item_id, words in texts.items())


def test_near_finds_pairs_just_above_the_threshold() -> None:
    chance, found = random.Random(7), 0  # noqa: S311 - the same pairs each time
    for _ in range(1_000):
        words = chance.sample(WORDS, 66)
        index = filled({"0" * 32: " ".join(words[:60])})
        found += len(index.near(near.sign(" ".join(words[:54] + words[60:]))))
    assert found >= 990


def test_same_passes_over_what_is_only_similar() -> None:
    index = filled({"a" * 32: "one two three four five six seven eight nine ten eleven"})
    other = near.sign("one two three four five six seven eight nine ten twelve")
    assert (index.near(other), index.same(other)) == ({"a" * 32}, set())
    assert index.same(near.sign("eleven ten nine eight seven six five four three two one")) == {"a" * 32}


def test_many_at_once_are_found_as_one_by_one() -> None:
    texts = some_texts(3_000)
    ids, signatures = list(texts), near.sign_all(list(texts.values()))
    index = TextIndex(0.8)
    index.add_all(ids, signatures)
    assert index.near_all(signatures) == list(enumerate(ids))
    # More than there is room for at first.
    same = near.sign_all(["one two three four five six seven eight nine ten eleven"] * 40)
    index.add_all([f"{turn:032x}" for turn in range(3_000, 3_040)], same)
    found = index.near_all(same)
    assert len(found) == len(set(found)) == 1_600
    assert {other for _, other in found} == index.near(next(iter(same)))


@pytest.mark.parametrize("announced", [0, 2_990])
def test_load_gives_what_adding_gave_in_the_room_that_was_made(announced: int) -> None:
    texts = some_texts(3_000)
    entries = [entry_bytes(item_id, near.sign(words)) for item_id, words in texts.items()]
    index = TextIndex(0.8)
    index.load(b"".join(entries[:10]))
    index.make_room(announced)
    room = index._table.shape
    for some in (entries[10:], []):
        index.load(b"".join(some))
    assert (len(index), index._table.shape == room) == (3_000, announced > 0)
    assert all(index.near(near.sign(words)) == {item_id} for item_id, words in texts.items())


def test_what_was_found_last_is_looked_for_again_once_something_entered_or_left() -> None:
    index, words = TextIndex(0.8), "one two three four five six seven eight nine ten"
    signature, same = near.sign(words), near.sign_all([words])
    enters: list[Callable[[str], object]] = [
        lambda item_id: index.load(entry_bytes(item_id, signature)),
        lambda item_id: index.add_all([item_id], same),
        lambda item_id: index.stream([item_id], same),
        lambda item_id: index.add(item_id, signature),
        lambda item_id: index.reserve(item_id, signature),
    ]
    known: set[str] = set()
    for turn, enter in enumerate(enters):
        assert index.near(signature) == index.same(signature) == known
        enter(f"{turn:032x}")
        known.add(f"{turn:032x}")
    assert index.near(signature) == known
    index.settle(f"{4:032x}", accepted=False)
    assert index.same(signature) == known - {f"{4:032x}"}


def test_settle_takes_back_what_was_not_accepted_and_uses_its_place_again() -> None:
    texts = some_texts(2_000)
    index = filled(texts)
    signature = near.sign("a text of its own that nobody has written before")
    for accepted, left in ((False, set()), (True, {"f" * 32})):
        index.reserve("f" * 32, signature)
        assert index.near(signature) == {"f" * 32}
        index.settle("f" * 32, accepted=accepted)
        assert index.near(signature) == left
    assert len(index) == 2_001
    assert all(index.near(near.sign(words)) == {item_id} for item_id, words in texts.items())


def test_settle_takes_a_row_out_of_the_middle_of_its_chain() -> None:
    index, signature = TextIndex(0.8), near.sign("the same words in all of them")
    for item_id in ("a", "b", "c"):
        index.reserve(item_id * 32, signature)
    index.settle("b" * 32, accepted=False)
    assert index.near(signature) == {"a" * 32, "c" * 32}


def test_near_when_more_texts_were_taken_back_than_there_are_slots() -> None:
    index, texts = TextIndex(0.8), some_texts(3_000)
    for item_id, words in texts.items():
        index.reserve(item_id, near.sign(words))
        index.settle(item_id, accepted=False)
    assert len(index) == 0
    assert index.near(near.sign("words that are nowhere")) == set()


def test_add_when_it_is_reserved_changes_nothing() -> None:
    index, signature = TextIndex(0.8), near.sign("some words")
    index.reserve("a" * 32, signature)
    index.add("a" * 32, signature)
    index.settle("a" * 32, accepted=False)
    assert index.near(signature) == set()


def test_near_when_there_are_more_matches_than_usual() -> None:
    index, signature = TextIndex(0.8), near.sign("some words that hundreds share")
    ids = {secrets.token_hex(16) for _ in range(500)}
    for item_id in ids:
        index.add(item_id, signature)
    assert index.near(signature) == ids


def test_entry_has_the_size_that_is_documented() -> None:
    assert len(entry_bytes("a" * 32, near.sign("some words"))) == 144


@pytest.mark.parametrize("threshold", [0.8, 0.95])
def test_near_and_jaccard_give_the_true_pairs_of_the_shared_articles(shared_data: Path, threshold: float) -> None:
    with gzip.open(shared_data / "neardup/mccormick_articles_1000.train.gz", "rt") as file:
        articles = [line.partition(" ") for line in file.read().splitlines()]
    truth = (shared_data / "neardup/mccormick_articles_1000.truth").read_text().split()
    index, tokens, pairs = TextIndex(threshold), {}, set()
    for number, (_, _, article) in enumerate(articles):
        normalised = text.normalise(article)
        tokens[f"{number:032x}"] = text.tokens(normalised)
        for item_id in index.near(near.sign(normalised)):
            if text.jaccard(tokens[item_id], tokens[f"{number:032x}"]) >= threshold:
                pairs.add(frozenset((articles[number][0], articles[int(item_id, 16)][0])))
        index.add(f"{number:032x}", near.sign(normalised))
    assert pairs == {frozenset(pair) for pair in zip(truth[::2], truth[1::2], strict=True)}


@pytest.mark.parametrize("at_a_time", [1, 7, 400])
def test_index_when_it_grows_with_rows_that_are_free(at_a_time: int) -> None:
    texts, index = list(some_texts(3_000).items()), TextIndex(0.8)
    for start in range(0, len(texts), at_a_time):
        some = texts[start : start + at_a_time]
        index.stream([item_id for item_id, _ in some], near.sign_all([words for _, words in some]))
        for item_id, _ in some:
            index.settle(item_id, accepted=int(item_id, 16) % 3 > 0)
    index.load(b"".join(entry_bytes(f"{number:032x}", near.sign(f"loaded {number}")) for number in range(5_000, 9_000)))
    assert len(index) == 2_000 + 4_000
    for item_id, words in texts:
        assert index.near(near.sign(words)) == ({item_id} if int(item_id, 16) % 3 else set())


def test_stream_gives_what_asking_one_by_one_gives() -> None:
    words = [f"one two three four five six seven eight nine {number % 3}" for number in range(40)]
    ids = [f"{number:032x}" for number in range(40)]
    streamed, asked = TextIndex(0.8), TextIndex(0.8)
    expected = []
    for place, (item_id, text_) in enumerate(zip(ids, words, strict=True)):
        expected += [(place, other) for other in asked.near(near.sign(text_))]
        asked.reserve(item_id, near.sign(text_))
    # More pairs than there was room for at first, in two pieces.
    pairs = streamed.stream(ids[:30], near.sign_all(words[:30]))
    pairs += [(30 + place, other) for place, other in streamed.stream(ids[30:], near.sign_all(words[30:]))]
    assert sorted(pairs) == sorted(expected)
    for index in (streamed, asked):
        for item_id in ids[5:]:
            index.settle(item_id, accepted=False)
    assert streamed.near(near.sign(words[0])) == asked.near(near.sign(words[0])) == set(ids[:5])
    assert streamed.stream(ids[5:8], near.sign_all(words[:3]))
    assert len(streamed) == 8
