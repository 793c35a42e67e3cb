"""WHAT IS IT CALLED? How far people agree, beyond what chance would give, and with what was decided in the end."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from tdcrawl.drift import interval
from tdcrawl.store.review_figures import Answered

_CONFIDENCE = 0.95


def agreement(tasks: Sequence[Answered]) -> dict[str, Any]:
    """Compare the answers of people on the tasks that several answered; as JSON values."""
    shared = [task for task in tasks if len(task.answers) > 1]
    people = sorted({reviewer for task in shared for reviewer in task.answers})
    pairs = (_pair(shared, *two) for two in combinations(people, 2))
    return {
        "tasks": len(shared),
        "fleiss_kappa": fleiss_kappa([Counter(task.answers.values()) for task in shared]),
        "pairs": [pair for pair in pairs if pair["tasks"]],
        "reviewers": [_with_decisions(shared, reviewer) for reviewer in people],
    }


def majority(answers: Iterable[str]) -> str | None:
    """Give the answer of more than half of those who answered."""
    counted = Counter(answers)
    label, number = counted.most_common(1)[0] if counted else (None, 0)
    return label if number * 2 > counted.total() else None


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Give Cohen's kappa of two people from their answers to the same questions: 1 they agree, 0 as by chance.

    None where there is nothing to tell: no answers, or one and the same from both throughout.
    """
    if not pairs:
        return None
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    ones, others = (Counter(said) for said in zip(*pairs, strict=True))
    return _beyond_chance(agreed, sum(ones[label] * others[label] for label in ones) / len(pairs) ** 2)


def fleiss_kappa(tasks: Sequence[Mapping[str, int]]) -> float | None:
    """Give Fleiss' kappa from how many gave each answer to each question, two or more people each.

    Any number of people may have answered a question: each question weighs the same.
    """
    if not tasks:
        return None
    agreed = sum(_pairs_that_agree(task.values()) for task in tasks) / len(tasks)
    counted: Counter[str] = sum((Counter(task) for task in tasks), Counter())
    return _beyond_chance(agreed, sum((number / counted.total()) ** 2 for number in counted.values()))


def _pair(tasks: Sequence[Answered], one: str, other: str) -> dict[str, Any]:
    both = [(task.answers[one], task.answers[other]) for task in tasks if {one, other} <= task.answers.keys()]
    return {"reviewers": [one, other], "tasks": len(both), "cohens_kappa": cohens_kappa(both)}


def _with_decisions(tasks: Sequence[Answered], reviewer: str) -> dict[str, Any]:
    mine = [task for task in tasks if task.decided and reviewer in task.answers]
    found = sum(task.answers[reviewer] == majority(task.answers.values()) for task in mine)
    low, high = interval(found, len(mine), _CONFIDENCE) if mine else (None, None)
    return {"reviewer": reviewer, "tasks": len(mine), "as_decided": found, "low": low, "high": high}


def _pairs_that_agree(numbers: Iterable[int]) -> float:
    counted = list(numbers)
    of = sum(counted)
    return sum(number * (number - 1) for number in counted) / (of * (of - 1))


def _beyond_chance(agreed: float, by_chance: float) -> float | None:
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)
