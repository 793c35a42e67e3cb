"""Drift alarms: silent while a site stays as it is, loud when a selector breaks, and not taught by what is wrong."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tdcrawl.drift import LEAST, Group, Past, Shares, alarms, interval

NAMES = [f"field {number}" for number in range(25)]
SEEDS = st.integers(0, 2**32 - 1)
ENOUGH = 50


def found(of: int, *counts: int) -> Shares:
    """Build the shares of one group."""
    return {"fields": Group(of=of, found=dict(zip(NAMES, counts, strict=False)))}


def drawn(random: np.random.Generator, of: int, share: Sequence[float] | float) -> Shares:
    """Draw a run of so many items from a site, whose every field has its share."""
    return found(of, *(int(count) for count in random.binomial(of, share, len(NAMES))))


def earlier(*runs: Shares, alarmed: Sequence[str] = ()) -> list[Past]:
    """Build earlier runs, all with the same alarms."""
    return [Past(shares, alarmed) for shares in runs]


@pytest.mark.parametrize("of", [30, 200, 2_000, 20_000])
def test_runs_from_the_same_shares_never_alarm_when_simulated(of: int) -> None:
    random = np.random.default_rng(7)
    shares = np.resize([0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1], len(NAMES)).tolist()
    strange = 0
    for _ in range(500):
        past = earlier(*(drawn(random, of, shares) for _ in range(LEAST)))
        strange += bool(alarms(drawn(random, of, shares), past))
    # docs/decisions/0010 tells these figures.
    assert strange == 0


@pytest.mark.parametrize(("of", "most"), [(2_000, 0.02), (20_000, 0.3)])
def test_runs_seldom_alarm_when_their_shares_wander(of: int, most: float) -> None:
    random = np.random.default_rng(8)

    def wandering() -> Shares:
        return drawn(random, of, np.clip(random.normal(0.8, 0.02, len(NAMES)), 0, 1).tolist())

    strange = sum(bool(alarms(wandering(), earlier(*(wandering() for _ in range(LEAST))))) for _ in range(300))
    assert strange / 300 <= most


@given(of=st.integers(ENOUGH, 5_000), seed=SEEDS)
def test_broken_selector_always_alarms_when_there_are_items_enough(of: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    past = earlier(*(drawn(random, of, 0.95) for _ in range(LEAST)))
    broken = drawn(random, of, 0.95)
    broken["fields"]["found"]["field 3"] = 0
    assert "fields/field 3" in {alarm.share for alarm in alarms(broken, past)}


@given(of=st.integers(0, 9), count=st.integers(0, 9), seed=SEEDS)
def test_run_of_few_items_never_alarms(of: int, count: int, seed: int) -> None:
    past = earlier(*(drawn(np.random.default_rng(seed), 1_000, 0.5) for _ in range(LEAST)))
    assert alarms(found(of, *[min(count, of)] * len(NAMES)), past) == []


def test_alarm_says_what_was_expected_when_a_share_falls() -> None:
    past = earlier(*(found(1_000, 950 + number) for number in range(LEAST)))
    (alarm,) = alarms(found(1_000, 0), past)
    assert (alarm.share, alarm.found, alarm.of, alarm.runs) == ("fields/field 0", 0, 1_000, LEAST)
    # Wilson's interval of 950 in 1,000 begins at 93.5 %, and the runs lie 0.4 points apart.
    assert str(alarm) == ("drift: fields/field 0: 0 of 1000, 0.0%; 5 earlier runs led to expect 93.1% to 96.9%")
    assert alarm.told()["message"] == str(alarm)


def test_alarm_comes_for_a_reason_that_never_was_before() -> None:
    past = earlier(*[found(1_000)] * LEAST)
    assert [alarm.share for alarm in alarms(found(1_000, 200), past)] == ["fields/field 0"]


def test_nothing_alarms_when_too_few_runs_teach() -> None:
    assert alarms(found(1_000, 0), earlier(*[found(1_000, 950)] * (LEAST - 1))) == []
    assert alarms(found(1_000, 0), earlier(*[found(1_000, 950)] * LEAST)) != []


def test_run_of_few_items_excuses_nothing_when_it_is_an_earlier_one() -> None:
    few = earlier(found(1, 1), found(3, 1), found(0, 0))
    past = earlier(*[found(1_000, 950)] * LEAST)
    assert alarms(found(1_000, 0), [*past, *few]) == alarms(found(1_000, 0), past) != []
    assert alarms(found(1_000, 0), few * LEAST) == []


def test_strange_run_teaches_only_when_as_many_follow_each_other_as_are_needed() -> None:
    normal = earlier(*[found(1_000, 950)] * LEAST)
    strange = earlier(*[found(1_000, 0)] * LEAST, alarmed=["fields/field 0"])
    assert alarms(found(1_000, 0), normal + strange[1:]) != []
    assert alarms(found(1_000, 0), normal + strange[1:] + normal[:1] + strange[1:]) != []
    # As it is now, so it is; and what it was before is strange.
    assert alarms(found(1_000, 0), normal + strange) == []
    assert alarms(found(1_000, 950), normal + strange) != []


@given(of=st.integers(1, 1_000_000), share=st.floats(0, 1), confidence=st.floats(0.5, 0.9999))
def test_interval_is_that_of_scipy(of: int, share: float, confidence: float) -> None:
    found = round(of * share)
    expected = binomtest(found, of).proportion_ci(confidence, method="wilson")
    assert interval(found, of, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)
