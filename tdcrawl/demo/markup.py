"""Shape what a product page says in JSON: as schema.org wants it, or as a shop's own script keeps it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from tdcrawl.demo.shop import Product, ShopReview

Json = dict[str, Any]


class Markup(StrEnum):
    """Name the ways in which a shop's pages can hold their reviews."""

    JSON_LD = "json-ld"
    MICRODATA = "microdata"
    CSS = "css"
    EMBEDDED_JSON = "embedded-json"


SITES = {
    Markup.JSON_LD: "demo_store",
    Markup.MICRODATA: "demo_store",
    Markup.CSS: "demo_store_css",
    Markup.EMBEDDED_JSON: "demo_store_json",
}
"""The bundled site file that reads each markup."""


def json_ld(product: Product, reviews: Sequence[ShopReview], average: float | None) -> Json:
    """Describe a product and one page of its reviews as a schema.org Product; `average` is of all its ratings, 1-5."""
    summary = {"@type": "AggregateRating", "ratingValue": average, "bestRating": 5, "reviewCount": len(product.reviews)}
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "Product",
            "sku": product.product_id,
            "name": product.name,
            "description": product.description or None,
            "aggregateRating": summary if average else None,
            "review": [_schema_review(review) for review in reviews],
        }
    )


def window_data(product: Product, reviews: Sequence[ShopReview]) -> Json:
    """Describe a product and one page of its reviews in a shop's own words, as a script would load them."""
    return {
        "product": {"sku": product.product_id, "name": product.name},
        "reviews": [_window_review(product, review) for review in reviews],
    }


def _schema_review(review: ShopReview) -> Json:
    rating = {"@type": "Rating", "ratingValue": review.rating, "bestRating": review.best_rating}
    return _known(
        {
            "@type": "Review",
            "identifier": review.review_id,
            "name": review.title,
            "author": {"@type": "Person", "name": review.author} if review.author else None,
            "datePublished": review.date,
            "reviewRating": _known(rating) if review.rating else None,
            "reviewBody": review.text,
            "editorVerdict": review.editor_label,
        }
    )


def _window_review(product: Product, review: ShopReview) -> Json:
    return _known(
        {
            "id": review.review_id,
            "sku": product.product_id,
            "headline": review.title,
            "body": review.text,
            "stars": _known({"value": review.rating, "of": review.best_rating}) if review.rating else None,
            "by": review.author,
            "on": review.date,
            "verdict": review.editor_label,
        }
    )


def _known(fields: Mapping[str, Any]) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
