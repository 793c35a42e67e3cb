"""WHAT IS IT CALLED? From votes to a verdict: two, and a third only where they disagree."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from tdcrawl.labeling.answer import ORDERS
from tdcrawl.labeling.suspicion import suspected
from tdcrawl.outcomes import Bucket, LabelReason, Rejection
from tdcrawl.records.naming import MODEL, Label
from tdcrawl.store.votes import Vote

VOTES = 3
"""How many votes a record gets at most."""
_MAJORITY = 2


def verdict(votes: Sequence[Vote], version: str) -> Label | Rejection | None:
    """Judge the votes so far: a label, why people must decide, or None where another vote may still tell.

    One that found orders in the text leaves it to people, whatever the others say. Of three votes, two that agree are
    the majority whatever the third one says: it is not asked for then.
    """
    for number, vote in enumerate(votes, start=1):
        if vote.error == ORDERS:
            return suspected(f"vote {number} found orders in it: {vote.reason}")
    counted = Counter(vote.label for vote in votes if vote.label)
    label, agreeing = counted.most_common(1)[0] if counted else (None, 0)
    if label and agreeing >= _MAJORITY:
        sure = fmean(vote.confidence or 0 for vote in votes if vote.label == label)
        return Label(label, MODEL, version, round(sure, 4))
    if agreeing + VOTES - len(votes) >= _MAJORITY:
        return None
    told = "; ".join(vote.label or f"failed ({vote.error})" for vote in votes)
    reason = LabelReason.VOTES_DISAGREE if len(counted) > 1 else LabelReason.LABEL_FAILED
    return Rejection(Bucket.NEEDS_REVIEW, reason, f"votes: {told}")
