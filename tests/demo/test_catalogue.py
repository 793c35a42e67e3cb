"""The practice shop holds exactly what is planted in it; a CSV file is served row by row."""

import gzip
from itertools import combinations
from pathlib import Path

import pytest

from tdcrawl import text
from tdcrawl.demo.catalogue import practice_shop, shop_from_csv
from tdcrawl.demo.planted import BROKEN, CONTRAST_PAIRS, CROSS_POSTED, E_MAILS, NEAR_COPIES, PHONES
from tdcrawl.demo.shop import Product, Shop, ShopReview
from tdcrawl.demo.writing import mood
from tdcrawl.outcomes import ValidateReason

REAL_REVIEWS = Path(__file__).parents[2] / "../shared/data/reviews/womens_clothing.csv.gz"
BROKEN_COUNT = sum(len(changes) for changes in BROKEN.values())


def shelved(shop: Shop) -> list[tuple[Product, ShopReview]]:
    return [(product, review) for product in shop.products for review in product.reviews]


def rated(shop: Shop) -> list[tuple[Product, ShopReview]]:
    return [(product, review) for product, review in shelved(shop) if review.rating in set("12345")]


def test_practice_shop_is_the_same_when_built_again() -> None:
    assert practice_shop.__wrapped__() == practice_shop()


def test_practice_shop_has_three_listing_pages_and_long_review_lists_when_built() -> None:
    shop = practice_shop()

    assert len(shop.products) == 24 == 3 * shop.products_a_page
    assert len(shelved(shop)) == 399
    assert len({review.review_id for _, review in shelved(shop)}) == 399
    assert sum(len(product.reviews) > 20 for product in shop.products) == 6


def test_practice_reviews_are_mostly_positive_when_counted_by_mood() -> None:
    moods = [mood(int(review.rating or 0)) for _, review in rated(practice_shop())]

    assert 0.6 <= moods.count("positive") / len(moods) <= 0.75
    assert 0.12 <= moods.count("neutral") / len(moods) <= 0.2
    assert 0.12 <= moods.count("negative") / len(moods) <= 0.2


def test_planted_copies_are_the_only_ones_when_all_pairs_are_compared() -> None:
    known = [
        (product, review, text.normalise(text.without_notices(review.text)))
        for product, review in rated(practice_shop())
    ]
    exact, near, contrast = 0, 0, 0
    for (product, one, words), (elsewhere, other, again) in combinations(known, 2):
        score = text.jaccard(text.tokens(words), text.tokens(again))
        if words == again:
            exact += product is not elsewhere and one.text != other.text and one.rating == other.rating
        elif score >= 0.85:
            near += one.rating == other.rating
            contrast += {mood(int(one.rating or 0)), mood(int(other.rating or 0))} == {"positive", "negative"}
        else:
            assert score < 0.7, (one, other)

    assert (exact, near, contrast) == (CROSS_POSTED, NEAR_COPIES, CONTRAST_PAIRS)


def test_personal_data_stands_in_texts_when_planted() -> None:
    texts = [review.text for _, review in shelved(practice_shop())]

    for sentence in E_MAILS + PHONES:
        assert sum(sentence in each for each in texts) == 1
    assert sum("@" in each for each in texts) == len(E_MAILS)


def test_every_validate_reason_is_planted_when_the_shop_is_built() -> None:
    reviews = [review for _, review in shelved(practice_shop())]

    assert set(BROKEN) == set(ValidateReason)
    for changes in BROKEN.values():
        for change in changes:
            assert any(all(getattr(review, name) == value for name, value in change.items()) for review in reviews)
    assert 0.03 < BROKEN_COUNT / len(reviews) < 0.06


def test_csv_rows_are_kept_as_they_are_when_read(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv.gz"
    rows = 'rating,text,product_id,title,mood\n5,"Fine, and\nsolid",b/2,Hm,x\n,,a1,,\ngreat,Short,b/2,,y\n'
    file.write_bytes(gzip.compress(("\ufeff" + rows).encode()))

    shop = shop_from_csv(file)

    assert [product.product_id for product in shop.products] == ["b/2", "a1"]
    assert shop.products[0].reviews == (
        ShopReview("1", "Fine, and\nsolid", "5", title="Hm"),
        ShopReview("3", "Short", "great"),
    )
    assert shop.products[1].reviews == (ShopReview("2", "", None),)


def test_csv_cell_is_served_when_it_is_huge(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text(f"product_id,text,rating\n1,{'word ' * 100_000},4\n", encoding="utf-8")

    assert len(shop_from_csv(file).products[0].reviews[0].text) == 500_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"product_id,body\n1,x\n", "has no column rating, text"),
        (b"", "has no column product_id, rating, text"),
        (b'product_id,text,rating\n1,"open,5\n', "line 2: unexpected end of data"),
        (b"product_id,text,rating\n1,caf\xe9,5\n", "invalid continuation byte"),
    ],
)
def test_csv_is_refused_when_it_cannot_be_understood(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "reviews.csv"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=message):
        shop_from_csv(file)


def test_real_reviews_are_all_there_when_read() -> None:
    if not REAL_REVIEWS.exists():
        pytest.skip("the real reviews (../shared/data/reviews) are not on this machine")

    shop = shop_from_csv(REAL_REVIEWS)

    assert len(shop.products) == 1206
    assert len(shelved(shop)) == 23_486
    assert sum(not review.text for _, review in shelved(shop)) == 845
