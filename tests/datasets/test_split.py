"""The split: a product in one split, a contrast pair too, and the same in every order and version."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.datasets.split import Splitter

PERCENTAGES = (80, 10, 10)
GROUPS = [("shop", f"product {number}") for number in range(12)]
MEMBERS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(GROUPS)), max_size=15)


def splits(members: list[tuple[str, tuple[str, str]]], salt: str = "salt") -> dict[tuple[str, str], str]:
    splitter = Splitter(PERCENTAGES, salt)
    splitter.join_clusters((cluster, *group) for cluster, group in members)
    return {group: splitter.split_of(*group) for group in GROUPS}


def test_split_of_many_groups_follows_the_percentages() -> None:
    splitter = Splitter((70, 20, 10), "salt")
    counts = Counter(splitter.split_of("shop", str(number)) for number in range(10_000))
    assert abs(counts["train"] - 7_000) < 200
    assert abs(counts["validation"] - 2_000) < 200
    assert counts.total() == 10_000


def test_split_of_when_a_percentage_is_zero() -> None:
    splitter = Splitter((100, 0, 0), "salt")
    assert {splitter.split_of("shop", str(number)) for number in range(500)} == {"train"}


def test_split_of_depends_on_site_product_and_salt() -> None:
    def train_set(site: str, salt: str) -> set[int]:
        splitter = Splitter((50, 25, 25), salt)
        return {number for number in range(100) if splitter.split_of(site, str(number)) == "train"}

    assert train_set("shop", "salt") != train_set("shop", "pepper")
    assert train_set("shop", "salt") != train_set("other shop", "salt")


@given(MEMBERS)
def test_split_of_groups_that_share_a_cluster_is_the_same(members: list[tuple[str, tuple[str, str]]]) -> None:
    found = splits(members)
    for cluster, group in members:
        assert {found[other] for name, other in members if name == cluster} == {found[group]}


@given(MEMBERS, st.randoms())
def test_split_of_is_the_same_in_every_order(members: list[tuple[str, tuple[str, str]]], random: object) -> None:
    shuffled = members.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object
    assert splits(shuffled) == splits(members)


@given(MEMBERS)
def test_split_of_a_group_in_no_union_never_moves(members: list[tuple[str, tuple[str, str]]]) -> None:
    united = {group for _, group in members}
    alone, found = splits([]), splits(members)
    assert all(found[group] == alone[group] for group in GROUPS if group not in united)
