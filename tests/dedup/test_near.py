"""The signature: what datasketch would compute, reduced to keys and bits."""

import random

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tdcrawl import text
from tdcrawl.dedup import near


@given(st.text())
@example("")
@example("one two two three")
@example("日本語 の レビュー です")
@example("ok\0not")
def test_minima_are_those_of_datasketch(words: str) -> None:
    normalised = text.normalise(text.clean(words))
    expected = near.minhash()
    expected.update_batch([token.encode() for token in text.tokens(normalised) if token])
    assert near.minima(["one before", normalised, "one after"])[1].tolist() == expected.hashvalues.tolist()
    assert near.is_exact(normalised)


def test_sign_is_of_the_set_of_tokens() -> None:
    one, other = near.sign("one two three"), near.sign("three two one two")
    assert (one.keys.tolist(), one.sketch.tolist()) == (other.keys.tolist(), other.sketch.tolist())
    assert near.sign("one two four").keys.tolist() != one.keys.tolist()


def test_sketch_holds_the_lowest_bit_of_each_minimum() -> None:
    minima, sketch = near.minima(["some words to sign"])[0], near.sign("some words to sign").sketch
    bits = [int(sketch[turn // 64]) >> turn % 64 & 1 for turn in range(near.PERMUTATIONS)]
    assert bits == (minima & 1).tolist()


def test_what_was_packed_is_unpacked_where_it_is_wanted() -> None:
    signatures = near.sign_all(["some words to sign", "other words to sign", "no more words"])
    packed = signatures.packed()
    assert len(packed) == 3 * near.SIGNATURE_BYTES
    wanted = near.Signatures.unpacked(packed, np.array([True, False, True]))
    assert wanted.keys.tolist() == signatures.keys[[0, 2]].tolist()
    assert wanted.sketches.tolist() == signatures.sketches[[0, 2]].tolist()
    assert len(near.Signatures.unpacked(packed, np.zeros(3, bool)).keys) == 0


def test_most_bits_apart_is_never_reached_by_pairs_at_the_threshold() -> None:
    chance = random.Random(7)  # noqa: S311 - the same pairs each time
    vocabulary = [f"word{number}" for number in range(5_000)]
    apart = []
    for _ in range(500):
        words = chance.sample(vocabulary, 66)
        one, other = near.sign(" ".join(words[:60])), near.sign(" ".join(words[:54] + words[60:]))
        apart.append(int(np.bitwise_count(one.sketch ^ other.sketch).sum()))
    assert max(apart) <= near.most_bits_apart(0.8)
    # A tenth of the bits differ at Jaccard 0.8, give or take; unrelated texts differ in half of them.
    assert 14 <= sum(apart) / len(apart) <= 22


def test_most_bits_apart_at_the_ends() -> None:
    assert near.most_bits_apart(1.0) == 0
    assert near.most_bits_apart(0.5) < near.PERMUTATIONS / 2
