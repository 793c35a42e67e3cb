"""WHAT IS IT CALLED? Which labels the other records belie: confident learning, from nothing but words.

A classifier learns from four fifths of the records and judges the last one, in turn. Where what it is sure of and
what a record is called differ more often than chance has it, the label is in doubt.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from tdcrawl.errors import SettingError

REMEDY = "pip install 'cleanlab>=2.8' scikit-learn"
LEAST = 10
"""How many clusters of records must have a label, so that something can be learnt of it."""
_FOLDS = 5
_SEED = 20_260_601
_SLOTS = 2**18
_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Named:
    """Hold a text and what it is called; those of one `cluster` resemble each other."""

    record_id: str
    text: str
    label: str
    cluster: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Say what a record is rather called than as it is: `margin` is how much likelier that is, -1 to 1."""

    record_id: str
    label: str
    likely: str
    margin: float


def is_installed() -> bool:
    """Say whether the extra `errors` is there."""
    return all(find_spec(name) is not None for name in ("cleanlab", "sklearn"))


def learnable(named: Sequence[Named]) -> set[str]:
    """Pick the labels that enough different texts have."""
    clusters: defaultdict[str, set[str]] = defaultdict(set)
    for one in named:
        clusters[one.label].add(one.cluster)
    return {label for label, found in clusters.items() if len(found) >= LEAST}


def label_errors(named: Sequence[Named]) -> list[Doubt]:
    """Find labels that are likely wrong, the greatest margin first; the same ones for the same texts.

    Labels that are not learnable are left out; with fewer than two others nothing can be told. Raises SettingError
    where the extra `errors` is not installed.
    """
    if not is_installed():
        raise SettingError(f"finding label errors needs packages that are not here: {REMEDY}")
    from cleanlab.filter import find_label_issues  # noqa: PLC0415 - an extra, and seconds

    names = sorted(learnable(named))
    known = [one for one in named if one.label in names]
    if len(names) < 2:
        return []
    called = [names.index(one.label) for one in known]
    likely = _likelihoods(known, called)
    found = find_label_issues(called, likely, return_indices_ranked_by="normalized_margin", n_jobs=1)
    doubts = [_doubt(known[at], names, likely[at]) for at in found]
    return sorted(doubts, key=lambda doubt: (-doubt.margin, doubt.record_id))


def _doubt(one: Named, names: Sequence[str], likely: Any) -> Doubt:
    mine, best = likely[names.index(one.label)], likely.argmax()
    return Doubt(one.record_id, one.label, names[best], round(float(likely[best] - mine), 4))


def _likelihoods(named: Sequence[Named], called: Sequence[int]) -> Any:
    """Give how likely each label is for each text, said by a classifier that has not seen it nor one like it."""
    from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415 - an extra, and seconds
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict  # noqa: PLC0415
    from sklearn.multiclass import OneVsRestClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_union  # noqa: PLC0415

    words = HashingVectorizer(ngram_range=(1, 2), n_features=_SLOTS, alternate_sign=False)
    # Parts of words, for languages without spaces and for words that are bent.
    parts = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 4), n_features=_SLOTS, alternate_sign=False)
    seen = make_union(words, parts).transform([one.text for one in named])
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    # A tenth of the time of what learns all labels at once: most of half a million weights are of no word in a text.
    learner = LogisticRegression(solver="liblinear", dual=True, random_state=_SEED, max_iter=_ROUNDS)
    clusters = [one.cluster for one in named]
    ask = {"groups": clusters, "cv": folds, "method": "predict_proba"}
    return cross_val_predict(OneVsRestClassifier(learner), seen, called, **ask)
