"""The split: what belongs together in one, each with its share of each label, the same in every order and version."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.datasets.split import SPLITS, Component, Components, Group, place

GROUPS = [Group("shop", f"product {number}") for number in range(12)]
MEMBERS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(GROUPS)), max_size=15)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=60)


def component(number: int, labels: Mapping[str, int], earlier: Iterable[str] = ()) -> Component:
    return Component(Group("shop", f"product {number}"), Counter(labels), set(earlier))


def sizes(components: Sequence[Component], placed: Mapping[Group, str]) -> Counter[tuple[str, str]]:
    """Count the records of each split and label."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in components:
        for label, number in one.labels.items():
            counted[placed[one.first], label] += number
    return counted


@given(MEMBERS)
def test_groups_that_share_a_thing_are_one(members: list[tuple[str, Group]]) -> None:
    united = Components()
    united.join(members)
    for thing, group in members:
        assert {united.first(other) for name, other in members if name == thing} == {united.first(group)}


@given(MEMBERS, st.randoms())
def test_components_are_the_same_in_every_order(members: list[tuple[str, Group]], chance: random.Random) -> None:
    one, other = Components(), Components()
    one.join(members)
    chance.shuffle(members)
    other.join(members)
    assert [one.first(group) for group in GROUPS] == [other.first(group) for group in GROUPS]


def test_shares_are_met_within_a_percent_for_every_label_of_20_000_records() -> None:
    chance = random.Random(1)  # noqa: S311 - nothing here is secret
    components: list[Component] = []
    while sum(one.size for one in components) < 20_000:
        stars = chance.choices(("negative", "neutral", "positive"), (15, 15, 70), k=chance.randrange(1, 60))
        components.append(component(len(components), Counter(stars)))
    counted = sizes(components, place(components, (80, 10, 10), "salt"))
    total = sum(counted.values())
    for split, percent in zip(SPLITS, (80, 10, 10), strict=True):
        in_split = sum(number for (its, _), number in counted.items() if its == split)
        assert abs(in_split / total - percent / 100) < 0.01
        for label in ("negative", "neutral", "positive"):
            everywhere = sum(counted[its, label] for its in SPLITS)
            assert abs(counted[split, label] / everywhere - percent / 100) < 0.03


@given(SIZES, st.sampled_from([(80, 10, 10), (50, 25, 25), (90, 0, 10), (100, 0, 0), (0, 0, 100)]), st.randoms())
def test_place_is_the_same_in_every_order_and_fills_no_split_of_share_0(
    numbers: list[int], percentages: tuple[int, int, int], chance: random.Random
) -> None:
    components = [component(place_, {"positive": number}) for place_, number in enumerate(numbers)]
    placed = place(components, percentages, "salt")
    chance.shuffle(components)
    assert place(components, percentages, "salt") == placed
    assert {SPLITS.index(split) for split in placed.values()} <= {n for n in range(3) if percentages[n]}


def test_place_depends_on_the_salt() -> None:
    components = [component(number, {"positive": 5}) for number in range(50)]
    assert place(components, (80, 10, 10), "salt") != place(components, (80, 10, 10), "pepper")


def test_one_that_is_larger_than_a_split_is_trained_on_and_the_others_fill_the_rest() -> None:
    components = [component(0, {"positive": 600}), *(component(n, {"positive": 4}) for n in range(1, 101))]
    placed = place(components, (80, 10, 10), "salt")
    assert placed[components[0].first] == "train"
    assert sizes(components, placed) == {
        ("train", "positive"): 800, ("validation", "positive"): 100, ("test", "positive"): 100,
    }  # fmt: skip


def test_of_few_large_ones_the_last_is_the_test() -> None:
    components = [component(number, {"positive": 25}) for number in range(4)]
    assert Counter(place(components, (80, 10, 10), "salt").values()) == {"train": 3, "test": 1}


@given(SIZES, st.data())
def test_what_was_tested_on_before_is_tested_on_again(numbers: list[int], data: st.DataObject) -> None:
    earlier = [data.draw(st.sets(st.sampled_from(SPLITS))) for _ in numbers]
    components = [
        component(n, {"positive": size}, its) for n, (size, its) in enumerate(zip(numbers, earlier, strict=True))
    ]
    placed = place(components, (80, 10, 10), "salt")
    for one, its in zip(components, earlier, strict=True):
        if its:
            assert placed[one.first] == max(its, key=SPLITS.index)


def test_the_share_is_met_again_when_a_version_had_met_it_badly() -> None:
    old = [component(number, {"positive": 10}, ["train"]) for number in range(20)]
    new = [component(number, {"positive": 10}) for number in range(20, 100)]
    counted = sizes([*old, *new], place([*old, *new], (80, 10, 10), "salt"))
    assert counted == {("train", "positive"): 800, ("validation", "positive"): 100, ("test", "positive"): 100}
