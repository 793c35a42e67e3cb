"""The judgement: what is a copy, which copy is better, and what must be kept on both sides."""

import pytest

from tdcrawl.dedup.judge import Text, compare, judge, negations
from tdcrawl.likeness import Likeness

WORDS = "one two three four five six seven eight nine ten"


def a_text(item_id: str, words: str = WORDS, label: str = "positive", rank: int = 0) -> Text:
    return Text(item_id, words, label, (rank, item_id))


def test_compare_when_the_words_are_the_same() -> None:
    match = compare(a_text("a"), a_text("b", label="negative"), 0.8)
    assert match is not None
    assert (match.record_id, match.likeness, match.score) == ("b", Likeness.EXACT, 1.0)


def test_compare_when_the_similarity_is_the_threshold() -> None:
    match = compare(a_text("a", "one two three four"), a_text("b", "one two three four five"), 0.8)
    assert match is not None
    assert (match.likeness, match.score) == (Likeness.NEAR, 0.8)


def test_compare_when_it_is_below_the_threshold() -> None:
    assert compare(a_text("a", "one two three"), a_text("b", "one two three four"), 0.8) is None


def test_compare_when_the_labels_differ() -> None:
    match = compare(a_text("a"), a_text("b", f"{WORDS} more", label="negative"), 0.8)
    assert match is not None
    assert match.likeness is Likeness.CONTRAST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("would definitely recommend it to a friend of mine and to family", "not"),
        ("das kann ich allen meinen freunden und der familie empfehlen", "nicht"),
        ("je le recommande a tous mes amis et a ma famille aussi", "pas"),
        ("lo recomiendo a todos mis amigos y a mi familia entera", "nunca"),
    ],
)
def test_compare_when_one_text_negates(one: str, other: str) -> None:
    match = compare(a_text("a", one), a_text("b", f"{one} {other}"), 0.8)
    assert match is not None
    assert match.likeness is Likeness.CONTRAST


@pytest.mark.parametrize(
    ("normalised", "found"),
    [
        ("i don t like it", 1), ("i dont like it", 1), ("it can t and won t", 2), ("cannot and not", 2),
        ("a t shirt of note", 0), ("nothing fits and nobody cares", 2), ("knot notable nothings", 0),
    ],
)  # fmt: skip
def test_negations_are_whole_words(normalised: str, found: int) -> None:
    assert len(negations(normalised)) == found


def test_judge_parts_better_from_worse_copies_and_puts_the_best_match_first() -> None:
    newcomer = a_text("n", f"{WORDS} eleven", rank=5)
    others = [
        a_text("b", WORDS, rank=1), a_text("a", WORDS, rank=2), a_text("w", f"{WORDS} eleven", rank=9),
        a_text("c", f"{WORDS} eleven", label="negative", rank=3), a_text("d", f"{WORDS} no", rank=1),
    ]  # fmt: skip
    judgement = judge(newcomer, others, 0.8)
    assert [match.record_id for match in judgement.better] == ["c", "a", "b"]
    assert [match.record_id for match in judgement.worse] == ["w"]
    assert [match.record_id for match in judgement.contrasts] == ["d"]
