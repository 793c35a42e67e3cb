"""Agreement: the textbooks' examples, and what must hold whatever people answer."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.labeling.agreement import agreement, cohens_kappa, fleiss_kappa, majority
from tdcrawl.store.review_figures import Answered

# Fourteen judges, ten subjects, five categories: the worked example of the literature on Fleiss' kappa, 0.210.
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1), (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip
LABELS = st.sampled_from(["negative", "neutral", "positive"])


def test_cohens_kappa_is_that_of_the_textbook() -> None:
    # 20 times both say yes, 15 times both no, 5 and 10 times they differ: 0.7 agreed, 0.5 by chance.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)


def test_fleiss_kappa_is_that_of_the_textbook() -> None:
    tasks = [{str(place): number for place, number in enumerate(row)} for row in FLEISS]
    assert fleiss_kappa(tasks) == pytest.approx(0.210, abs=0.0005)


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1))
def test_kappas_are_one_when_all_agree_and_the_same_whoever_comes_first(pairs: list[tuple[str, str]]) -> None:
    kappa, turned = cohens_kappa(pairs), cohens_kappa([(other, one) for one, other in pairs])
    assert kappa == (turned if turned is None else pytest.approx(turned))
    tasks = [Counter(pair) for pair in pairs]
    by_fleiss = fleiss_kappa(tasks)
    if all(one == other for one, other in pairs):
        assert {kappa, by_fleiss} in ({None}, {1.0})
    else:
        assert kappa is not None and by_fleiss is not None  # noqa: PT018 - one says it of the other
        assert max(kappa, by_fleiss) < 1
        # Fleiss takes both for one and the same person, so chance is never less than with Cohen.
        assert by_fleiss <= kappa + 1e-9


def test_agreement_tells_of_pairs_and_of_each_with_what_was_decided() -> None:
    tasks = [
        *[Answered(decided=True, answers={"ann": "a", "ben": "a"})] * 8,
        Answered(decided=True, answers={"ann": "a", "ben": "b", "cat": "b"}),
        Answered(decided=False, answers={"ann": "a", "ben": "b"}),
        Answered(decided=True, answers={"cat": "c"}),
    ]
    told = agreement(tasks)
    assert told["tasks"] == 10
    assert [(pair["reviewers"], pair["tasks"]) for pair in told["pairs"]] == [
        (["ann", "ben"], 10), (["ann", "cat"], 1), (["ben", "cat"], 1),
    ]  # fmt: skip
    ann, ben, cat = told["reviewers"]
    assert (ann["as_decided"], ann["tasks"], ben["as_decided"], cat["tasks"]) == (8, 9, 9, 1)
    assert ann["low"] < 8 / 9 < ann["high"]
    assert agreement([])["fleiss_kappa"] is None


def test_majority_is_more_than_half() -> None:
    assert majority([]) is None
    assert majority(["a"]) == "a"
    assert majority(["a", "b"]) is None
    assert majority(["a", "b", "a"]) == "a"
    assert majority(["a", "a", "b", "c"]) is None
