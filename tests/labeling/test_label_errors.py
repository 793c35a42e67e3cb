"""Labels that other records belie, on invented texts of which some were given a wrong label on purpose."""

from dataclasses import replace
from random import Random

import pytest

from tdcrawl.errors import SettingError
from tdcrawl.labeling import label_errors as room
from tdcrawl.labeling.label_errors import Named, label_errors, learnable

WORDS = {
    "positive": ["sturdy", "quick", "quiet", "bright", "handy", "lovely", "neat", "solid", "smooth", "clever"],
    "neutral": ["average", "usual", "plain", "middling", "ordinary", "passable", "standard", "common", "medium"],
    "negative": ["leaky", "slow", "loud", "dull", "clumsy", "ugly", "flimsy", "rusty", "rough", "broken"],
}
OTHERS = [f"word{number}" for number in range(200)]


def invented(number: int, telling: int = 3) -> list[Named]:
    """Write texts: so many words tell what a text means, one may tell the contrary, most tell nothing."""
    chance, labels = Random(5), list(WORDS)  # noqa: S311 - the same texts each time
    texts = []
    for turn in range(number):
        label = labels[turn % 3]
        words = chance.choices(WORDS[label], k=telling) + chance.choices(OTHERS, k=20)
        words += chance.choices(WORDS[chance.choice(labels)], k=1)
        chance.shuffle(words)
        texts.append(Named(f"{turn:04}", " ".join(words), label, f"{turn:04}"))
    return texts


def flipped(named: list[Named], ids: set[str]) -> list[Named]:
    """Call these texts otherwise."""
    labels = list(WORDS)
    return [
        replace(one, label=labels[(labels.index(one.label) + 1) % 3]) if one.record_id in ids else one for one in named
    ]


def test_labels_that_were_flipped_are_found() -> None:
    named = invented(600)
    planted = {one.record_id for one in Random(6).sample(named, 30)}  # noqa: S311 - the same each time
    doubts = label_errors(flipped(named, planted))
    found = {doubt.record_id for doubt in doubts}
    assert (len(found & planted) >= 28, len(found - planted) <= 2) == (True, True)  # of 30: 29 and none
    truth = {one.record_id: one.label for one in named}
    assert all(doubt.likely == truth[doubt.record_id] for doubt in doubts if doubt.record_id in planted)
    margins = [doubt.margin for doubt in doubts]
    assert margins == sorted(margins, reverse=True)
    assert label_errors(flipped(named, planted)) == doubts  # The same again.


def test_label_that_too_few_texts_have_is_left_out() -> None:
    named = invented(60)
    rare = [replace(one, label="neutral" if turn < 9 else "positive") for turn, one in enumerate(named)]
    assert learnable(rare) == {"positive"}
    assert label_errors(rare) == []
    alike = [replace(one, cluster="one") if one.label == "negative" else one for one in named]
    assert learnable(alike) == {"positive", "neutral"}


def test_text_is_not_judged_by_what_was_learnt_from_its_like() -> None:
    # Twenty copies of one text, all called wrong: each would vouch for the others.
    named = invented(300)
    copies = [Named(f"copy{turn:02}", f"{named[0].text} {turn}", "negative", named[0].cluster) for turn in range(20)]
    found = {doubt.record_id for doubt in label_errors(named + copies)}
    assert len(found & {one.record_id for one in copies}) == 20


def test_what_to_install_is_said_where_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "find_spec", lambda _: None)
    with pytest.raises(SettingError, match=r"pip install 'cleanlab>=2\.8' scikit-learn"):
        label_errors(invented(60))
