"""Plant what a crawl has to find: copies, near copies, contrast pairs, personal data and one record for each fault."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tdcrawl.demo.shop import ShopReview
from tdcrawl.demo.writing import Writer, phrases
from tdcrawl.outcomes import ValidateReason

_ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"
_DISGUISES: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda text: text.replace(". ", "!  "),
    lambda text: text.replace("e", f"e{_ZERO_WIDTH}"),
    lambda text: f"[The author was given this product by our shop, for an honest opinion] {text}",
)
# At most three words more than the original, which has thirty and more.
_VARIATIONS = ("Update: {}", "{} Thanks again!", "Verified purchase: {}", "{} Posted elsewhere too.", "Hello! {}")

CROSS_POSTED = 12
NEAR_COPIES = 10
CONTRAST_PAIRS = 6
E_MAILS = (
    "Write to maren.holt@post.example if you want a photograph.",
    "My address is pip_1987@mail.example, should the shop wish to answer.",
    "Contact: j.orunn+reviews@letters.example, I reply quickly.",
)
PHONES = (
    "Ring me on +44 20 7946 0958 for the full story.",
    "Call (212) 555-0147 and ask for Tadeusz.",
    "My number is +49 30 23125 014, evenings only.",
)

BROKEN: Mapping[ValidateReason, Sequence[Mapping[str, Any]]] = {
    ValidateReason.MISSING_FIELD: [{"rating": None}, {"rating": None}, {"text": ""}],
    ValidateReason.WRONG_TYPE: [{"rating": "great"}, {"rating": "see below"}],
    ValidateReason.OUT_OF_RANGE: [{"rating": "7"}, {"rating": "19.99"}],
    ValidateReason.TOO_SHORT: [
        {"text": "Lovely, thank you."},
        {"text": "Good"},
        {"text": "Came late, works fine so far."},
    ],
    ValidateReason.TOO_LONG: [{"text": "It does what it should, day after day. " * 1400}],
    ValidateReason.AMBIGUOUS_SCALE: [{"rating": "80", "best_rating": None}, {"rating": "64", "best_rating": None}],
    ValidateReason.BAD_DATE: [{"date": "someday"}, {"date": "2199-05-01"}],
    ValidateReason.BAD_ENCODING: [
        {"text": "The caf\N{REPLACEMENT CHARACTER} around the corner has the same one and swears by it every day."},
        {"text": "Na\N{REPLACEMENT CHARACTER}ve as I am, I trusted the picture and was right to do so this time."},
    ],
    ValidateReason.UNKNOWN_FIELD: [{"editor_label": "positive"}, {"editor_label": "negative"}],
}
"""What is wrong with each broken review, by the reason that validation must give for it."""


def planted(writer: Writer, ordinary: Sequence[ShopReview]) -> Iterator[ShopReview]:
    """Write every planted review once; the copies are of `ordinary` reviews, each of another one."""
    originals = iter(ordinary)
    for turn in range(CROSS_POSTED):
        yield _copy(writer, next(originals), _DISGUISES[turn % len(_DISGUISES)])
    for turn in range(NEAR_COPIES):
        yield _copy(writer, next(originals), _VARIATIONS[turn % len(_VARIATIONS)].format)
    for sentence in phrases()["contrast"]:
        yield writer.review("", text=sentence.format(""), stars=5)
        yield writer.review("", text=sentence.format("not "), stars=1)
    for sentence in E_MAILS + PHONES:
        review = writer.review("present")
        yield replace(review, text=f"{review.text} {sentence}")
    for changes in BROKEN.values():
        for change in changes:
            yield replace(writer.review("present"), **change)


def _copy(writer: Writer, original: ShopReview, change: Callable[[str], str]) -> ShopReview:
    return replace(writer.review("copy", text=change(original.text)), rating=original.rating)
