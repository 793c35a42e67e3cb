"""Stock the practice retailer: with invented reviews, the same in every run, or with those of a CSV file."""

import csv
import gzip
import random
import sys
from functools import cache
from pathlib import Path
from typing import TextIO, cast

from tdcrawl.demo.planted import planted
from tdcrawl.demo.shop import Product, Shop, ShopReview
from tdcrawl.demo.writing import Writer, phrases

_NAME = "Quillbrook"
_SEED = 8717
# Most products have one page of reviews, some two or three; as in real shops, few hold most of them.
_REVIEWS = (44, 31, 26, 24, 23, 22, 18, 16, 15, 14, 13, 12, 11, 10, 9, 9, 8, 7, 7, 6, 5, 4, 3, 3)
_COLUMNS = {"product_id", "text", "rating"}


@cache
def practice_shop() -> Shop:
    """Build the invented shop: 24 products on three listing pages, their reviews, and the links that lead nowhere."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    writer = Writer(chance)
    goods = phrases()["products"]
    shelves = [[writer.review(one["item"]) for _ in range(count)] for one, count in zip(goods, _REVIEWS, strict=True)]
    for turn, review in enumerate(planted(writer, [shelf[0] for shelf in shelves])):
        # 5 * turn + 7 never meets turn modulo 24: a copy stands with another product than its original.
        shelves[(5 * turn + 7) % len(shelves)].append(review)
    for shelf in shelves:
        chance.shuffle(shelf)
    return Shop(
        name=_NAME,
        products=tuple(
            Product(str(number), one["name"], tuple(shelf), one["price"], one["description"])
            for number, (one, shelf) in enumerate(zip(goods, shelves, strict=True), start=1)
        ),
        products_a_page=8,
        odd_links=(
            ("/product/25", "Tin lunch box"),
            ("/product/99", "Discontinued: paper lantern"),
            ("/account/wishlist?add=3", "Add the blanket to your wish list"),
            ("https://partner-shop.example/product/5", "Sold by our partner: sleeping bag"),
            ("javascript:void(0)", "Quick view"),
        ),
        broken={"/product/25": 500},
    )


def shop_from_csv(path: Path) -> Shop:
    """Build a shop from the reviews of a CSV file (UTF-8; gzip where it ends in .gz), every row as it is.

    Columns: product_id, text, rating (1-5), and where present review_id, title, author, date. Products stand in the
    order in which they first appear. Raises OSError where the file cannot be read, ValueError for what is wrong in it.
    """
    # The module's limit of 131,072 characters a cell guards against stray quotes; here even a huge text is served.
    csv.field_size_limit(sys.maxsize)
    shelves: dict[str, list[ShopReview]] = {}
    with _open(path) as file:
        rows = csv.DictReader(file, strict=True)
        if missing := _COLUMNS - set(rows.fieldnames or ()):
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}")
        try:
            for number, row in enumerate(rows, start=1):
                shelves.setdefault(row["product_id"], []).append(_review(number, row))
        except csv.Error as error:
            raise ValueError(f"{path}, line {rows.reader.line_num}: {error}") from error
    products = (Product(key, f"Product {key}", tuple(reviews)) for key, reviews in shelves.items())
    return Shop(name=_NAME, products=tuple(products))


def _open(path: Path) -> TextIO:
    opener = gzip.open if path.suffix == ".gz" else open
    return cast("TextIO", opener(path, "rt", encoding="utf-8-sig", newline=""))


def _review(number: int, row: dict[str, str | None]) -> ShopReview:
    return ShopReview(
        review_id=row.get("review_id") or str(number),
        text=row["text"] or "",
        rating=row["rating"] or None,
        title=row.get("title") or None,
        author=row.get("author") or None,
        date=row.get("date") or None,
    )
