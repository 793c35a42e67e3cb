"""The near index: what is similar enough is found, and only that."""

import gzip
import random
from pathlib import Path

import pytest

from tdcrawl import text
from tdcrawl.dedup.near import Entry, NearIndex

WORDS = [f"word{number}" for number in range(5_000)]


def entry(index: NearIndex, item_id: str, words: str) -> Entry:
    return index.entry(item_id, item_id, "positive", text.normalise(words))


def similar_pair(chance: random.Random) -> tuple[str, str]:
    """Make two texts of 60 words with 54 in common: a Jaccard similarity of 54 / 66, just above 0.8."""
    words = chance.sample(WORDS, 66)
    return " ".join(words[:60]), " ".join(words[:54] + words[60:])


def test_matches_finds_pairs_just_above_the_threshold() -> None:
    chance, index, found = random.Random(7), NearIndex(0.8), 0  # noqa: S311 - the same pairs each time
    for number in range(500):
        one, other = similar_pair(chance)
        index.add(entry(index, f"one{number}", one))
        found += any(match.entry.item_id == f"one{number}" for match in index.matches(entry(index, "other", other)))
    assert found >= 495


def test_matches_when_below_the_threshold() -> None:
    index = NearIndex(0.8)
    index.add(entry(index, "one", "one two three four five six seven eight nine ten"))
    assert index.matches(entry(index, "other", "one two three four five six seven eight nine eleven twelve")) == []


def test_matches_gives_the_exact_similarity_best_first() -> None:
    index = NearIndex(0.8)
    index.add(entry(index, "b", "one two three four five six seven eight nine ten"))
    index.add(entry(index, "a", "one two three four five six seven eight nine ten"))
    index.add(entry(index, "c", "one two three four five six seven eight nine eleven"))
    found = index.matches(entry(index, "x", "one two three four five six seven eight nine ten eleven"))
    assert [match.entry.item_id for match in found] == ["a", "b", "c"]
    assert [match.score for match in found] == pytest.approx([10 / 11] * 3)


def test_entry_is_that_of_its_own_words_whatever_came_before() -> None:
    index = NearIndex(0.8)
    entry(index, "one", "one two three")
    assert entry(index, "other", "four five").signature == entry(NearIndex(0.8), "other", "four five").signature


def test_matches_when_the_similarity_is_the_threshold() -> None:
    index = NearIndex(0.8)
    index.add(entry(index, "one", "one two three four five"))
    assert [match.score for match in index.matches(entry(index, "other", "one two three four"))] == [0.8]


def test_remove_when_an_item_did_not_become_a_record() -> None:
    index = NearIndex(0.8)
    index.add(entry(index, "one", "one two three"))
    index.remove("one")
    assert index.matches(entry(index, "other", "one two three")) == []


def test_matches_gives_the_true_pairs_of_the_shared_articles(shared_data: Path) -> None:
    with gzip.open(shared_data / "neardup/mccormick_articles_1000.train.gz", "rt") as file:
        lines = file.read().splitlines()
    truth = (shared_data / "neardup/mccormick_articles_1000.truth").read_text().splitlines()
    index, pairs = NearIndex(0.8), set()
    for line in lines:
        name, _, article = line.partition(" ")
        wanted = entry(index, name, article)
        pairs |= {frozenset((name, match.entry.item_id)) for match in index.matches(wanted)}
        index.add(wanted)
    assert pairs == {frozenset(line.split()) for line in truth if line.strip()}
