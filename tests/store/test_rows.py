"""From item to row: what an address tells of persons is not stored with a record."""

from dataclasses import replace

import pytest

from tdcrawl.outcomes import Bucket, DedupReason, Rejection
from tdcrawl.records.review import REVIEW
from tdcrawl.store.rows import duplicate_row, record_row, surplus_row
from tests.builders import a_run, an_item


@pytest.mark.parametrize("address", ["bob@mail.example", "bob%40mail.example"])
def test_requested_address_holds_no_e_mail_when_a_record_is_stored(address: str) -> None:
    item = replace(an_item(), requested_url=f"https://shop.example/product/17?email={address}&ref=mail")
    row = record_row(item, REVIEW, a_run())
    copy = Rejection(Bucket.DUPLICATE, DedupReason.EXACT_DUPLICATE, "", matched="x", score=1.0)
    for stored in (row, duplicate_row(row, copy), surplus_row(row, item.named())):
        assert stored["requested_url"] == "https://shop.example/product/17?email=[email]&ref=mail"


def test_requested_address_stays_as_it_is_when_it_holds_no_e_mail() -> None:
    item = replace(an_item(), requested_url="https://shop.example/%40bob/17?sku=4111111111111111")
    assert record_row(item, REVIEW, a_run())["requested_url"] == item.requested_url
