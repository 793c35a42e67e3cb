"""A review: what somebody wrote about a product; the label follows from the rating, or has to be asked for."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, computed_field

from tdcrawl import text
from tdcrawl.records import base
from tdcrawl.records.base import Kind, Record, RecordType
from tdcrawl.records.beliefs import Preference, preference, substantial, undamaged
from tdcrawl.records.naming import Question

MAX_CHARACTERS = 50_000
RULE_VERSION = "review-rating-1"
Sentiment = Literal["negative", "neutral", "positive"]


class Review(Record):
    """Hold one review that can be believed.

    `rating` is on the scale 1-5 whatever the page's scale; `rating_value` and `rating_best` keep what the page said.
    `author` is gone once the personal data are masked; `author_hash` stays. `reviewed_at` is UTC.
    """

    product_id: Annotated[str, Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(max_length=MAX_CHARACTERS), AfterValidator(undamaged), AfterValidator(substantial)]
    rating: Annotated[float, Field(ge=1, le=5)] | None = None
    rating_value: float | None = None
    rating_best: float | None = None
    review_id: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    title: Annotated[str, Field(max_length=1000), AfterValidator(undamaged)] | None = None
    author: Annotated[str, Field(max_length=500)] | None = None
    author_hash: str | None = None
    reviewed_at: datetime | None = None
    language: Annotated[str, Field(max_length=35)] | None = None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def word_count(self) -> int:
        """Count the words of the text."""
        return text.count_words(self.text)

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented use
    @property
    def label(self) -> Sentiment | None:
        """Derive the sentiment from the rating, if there is one: nobody who hands in a record can set it."""
        if self.rating is None:
            return None
        if self.rating >= 4:
            return "positive"
        return "negative" if self.rating <= 2 else "neutral"


# What no writer says who means the rating: whole verdicts, in normalised words; docs/decisions/0015-labels.md.
_CONTRADICTED = {
    "positive": (
        r"never (?:ever )?(?:buy|order|purchase) (?:this|it|these|them|again|from)\b",
        r"(?:do not|don t|dont) (?:(?:buy|order|purchase) (?:this|it|these|them|from)|waste your (?:money|time))\b",
        r"(?:waste of (?:my |your )?(?:money|time)|want my money back|stay away from (?:this|it|them))\b",
        r"(?:absolute|total|complete|utter|pure) (?:garbage|junk|rubbish|trash|crap|scam|rip off|waste)\b",
        r"worst (?:\w+ )?(?:i (?:have|ve) (?:ever )?|ever|product|purchase|buy)\b",
        r"(?:zero|0|no) stars (?:if|would)\b",
    ),
    "negative": (
        r"(?:highly|strongly|definitely|absolutely) recommend (?:this|it|these|them|to)\b",
        r"(?:five|5) stars\b",
        r"exceeded (?:all )?(?:my|our) expectations\b",
        r"(?:could not|couldn t) be happier\b",
        r"best (?:\w+ )?(?:purchase|product|buy) (?:i (?:have|ve)|ever)\b",
    ),
}


def _same_text(review: Review) -> str:
    return review.text


def _preference(review: Review, normalised: str) -> Preference:
    named = bool(review.author_hash or review.author)
    return preference(normalised, review.reviewed_at, tells_most=review.rating is not None, named=named)


def _sentiment(review: Review) -> str | None:
    return review.label


REVIEW = RecordType(
    name="review",
    spider="retailer_reviews",
    model=Review,
    fields={
        "review_id": base.Field(Kind.IDENTIFIER, "review_id", ("identifier", "@id", "url"), ("id", "reviewid")),
        "product_id": base.Field(
            Kind.IDENTIFIER,
            "product_id",
            tuple(f"itemReviewed.{key}" for key in ("sku", "productID", "mpn", "gtin", "gtin13", "@id", "url", "name")),
            ("sku", "productid"),
        ),
        "text": base.Field(
            Kind.TEXT,
            "text",
            ("reviewBody", "description", "text"),
            (
                "body", "text", "content", "comment", "description", "message", "inhalt", "kommentar", "texte",
                "commentaire", "contenu", "texto", "comentario", "testo", "commento", "tekst",
            ),
        ),
        "title": base.Field(
            Kind.NAME,
            "title",
            ("name", "headline"),
            ("title", "headline", "heading", "subject", "titel", "titre", "titulo", "titolo"),
        ),
        "rating": base.Field(
            Kind.RATING,
            "rating",
            ("reviewRating.ratingValue", "reviewRating"),
            (
                "rating", "star", "starrating", "score", "rate", "stern", "sterne", "note", "etoile", "estrella",
                "puntuacion", "stelle", "voto", "ster", "wertung",
            ),
        ),
        "best_rating": base.Field(
            Kind.RATING_BOUND,
            "rating_best",
            ("reviewRating.bestRating",),
            ("best", "max", "of"),
        ),
        "worst_rating": base.Field(Kind.RATING_BOUND, "rating_worst", ("reviewRating.worstRating",)),
        "author": base.Field(
            Kind.NAME,
            "author",
            ("author.name", "author"),
            (
                "author", "reviewer", "nickname", "user", "username", "by", "name", "autor", "verfasser", "kunde",
                "auteur", "autore", "nombre", "nome", "naam",
            ),
        ),
        "date": base.Field(
            Kind.DATE,
            "reviewed_at",
            ("datePublished", "dateCreated"),
            ("date", "published", "created", "submitted", "time", "on", "datum", "fecha", "data"),
        ),
        "language": base.Field(Kind.LANGUAGE, "language", ("inLanguage",)),
    },
    schema_types=frozenset({"Review", "UserReview", "CriticReview"}),
    group_field="product_id",
    native_id_field="review_id",
    identity_fields=("author", "date", "text"),
    person_fields={"author": "author_hash"},
    masked_fields=("text", "title"),
    columns=(
        "record_id", "text", "rating", "label", "label_source", "label_confidence", "needs_review", "product_id",
        "source", "url", "word_count", "language", "author_hash", "reviewed_at", "scraped_at", "cluster_id", "split",
        "sample_weight",
    ),
    labels=("negative", "neutral", "positive"),
    rule_version=RULE_VERSION,
    same_text=_same_text,
    preference=_preference,
    rule=_sentiment,
    contradicted=_CONTRADICTED,
    question=Question(
        "What does the writer of this product review think of the product?",
        {
            "negative": "would not buy it again, or warns of it: what is bad about it outweighs what is good",
            "neutral": "is undecided: good and bad weigh about the same, or no verdict is given",
            "positive": "is content, or recommends it: what is good about it outweighs what is bad",
        },
        shown=("title", "text"),
        signal="rating",
    ),
    words=(
        "bewertung", "rezension", "kundenmeinung", "avi", "evaluation", "resena", "opinion", "valoracion", "recensione",
        "beoordeling",
    ),
)  # fmt: skip
