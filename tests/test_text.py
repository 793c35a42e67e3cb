"""Text: words by script, what makes a text the same, what no sink can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl import text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("ten words are what a review needs to count here", 10),
        ("  space   around and\nbetween\tthem ", 5),
        ("really - really good", 4),
        ("très bon café", 3),
        ("これは素晴らしい製品です。とても気に入りました", 11),
        ("สินค้าดีมากชอบมาก", 5),
        ("정말 좋은 제품입니다", 3),
        ("my iPhone は素晴らしい", 5),
        ("", 0),
    ],
)
def test_count_words_by_script(value: str, words: int) -> None:
    assert text.count_words(value) == words


@given(st.text(st.sampled_from("a b\t\né、は")), st.integers(1, 8))
def test_has_words_says_what_count_words_counts(value: str, least: int) -> None:
    assert text.has_words(value, least) == (text.count_words(value) >= least)


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_count_words_is_a_split_where_scripts_use_spaces(value: str) -> None:
    assert text.count_words(value) == len(value.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Great Kettle!", "great kettle"),
        ("great\u200b kettle", "great kettle"),
        ("ｇｒｅａｔ kettle", "great kettle"),
        ("Straße", "STRASSE"),
        ("  great,\nkettle …", "great kettle"),
    ],
)
def test_normalise_when_only_form_differs(one: str, other: str) -> None:
    assert text.normalise(one) == text.normalise(other)
    assert text.content_hash(text.normalise(one)) == text.content_hash(text.normalise(other))


def test_normalise_when_there_is_no_word() -> None:
    assert text.normalise("👍 👍") != text.normalise("👎 👎")


@given(st.text())
def test_normalise_twice_is_once(value: str) -> None:
    once = text.normalise(value)
    assert text.normalise(once) == once


@given(st.text(st.characters(codec=None)))
def test_clean_leaves_what_every_sink_can_hold(value: str) -> None:
    cleaned = text.clean(value)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned


def test_clean_when_a_text_holds_what_no_sink_can() -> None:
    assert text.clean(" a\x00b\ud800c\td\x07 ") == "abc\td"


def test_tokens_are_words_or_shingles_by_script() -> None:
    assert text.tokens("a good kettle a") == {"a", "good", "kettle"}
    assert text.tokens("とても良い") == {"とても", "ても良", "も良い"}


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [("a b c d", "a b c d", 1.0), ("a b c d", "a b c e", 0.6), ("a b", "c d", 0.0), ("", "", 1.0)],
)
def test_jaccard_is_shared_over_all(one: str, other: str, score: float) -> None:
    assert text.jaccard(text.tokens(one), text.tokens(other)) == pytest.approx(score)
