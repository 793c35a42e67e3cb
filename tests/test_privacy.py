"""Personal data: a planted corpus of invented people and numbers, the installation's key, and failed records."""

import re
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.personal import worth_a_look
from tdcrawl.privacy import KEY_FILE, load_key, mask, mask_fields, person_hash, region_of

PLANTED = """
Write to <email|jane.doe@mail.example> if it leaks.
<email|J.DOE+shop@Mail.Example.>, they answered quickly.
Reach me (<email|jörg@bücher.example>) or <email|o_neil-7@sub.mail.example>!
mailto:<email|help@shop.example>?subject=broken
My address is <email|jane.doe (at) mail (dot) example> against spam.
The seller <email|anna[at]shop.example> never replied.
Call <phone|212-555-0173> for a refund.
I rang <phone|(415) 555-2671> twice, then <phone|212-555-0173 ext. 22>.
Their line <phone|1-800-555-0199> is always busy.
text me: <phone|415.555.2671>
My number: <phone|+1 415 555 2671>, ask for Ann.
Number on the box was <phone|4155552671>.
The fake one, <phone|(555) 123-4567>, is printed on the label.
Ring <phone|555-867-5309> and ask.
UK office <phone|020 7946 0958> was friendly.
London <phone|+44 20 7946 0958>, mobile <phone|07700 900123>.
Or dial <phone|+44 7700 900 123> after six.
Village shop <phone|01632 960 123> helped.
Leeds branch <phone|0113 496 0123> did not.
Zentrale <phone|+49 (0)30 901820> geht nie ran.
Paris <phone|+33 1 23 45 67 89> répond.
Tel: <phone|030 9018200> mornings only.
phone <phone|555 0173 44> from the flyer
WhatsApp <phone|0171 1234567> geht auch.
Fax no. <phone|89 123 456 78>
They charged <card|4111 1111 1111 1111> twice.
Card <card|4111111111111111> was stored in plain text.
My card is <card|5500-0000-0000-0004>.
Amex <card|3782 822463 10005> refused.
Paid with <card|378282246310005>.
Diners <card|30569309025904> works.
Order #<order|12345> came late.
order no. <order|4711-22> was wrong
My order number is <order|A-99812>, still nothing.
Order: <order|112-3456789-1234567>
Re order <order|20056781> please refund.
order id <order|SO-2041> arrived open
Order number: #<order|88211>
Bestellnummer <order|4711223> kam nie an.
Bestellung Nr. <order|88123-A> war falsch.
Auftragsnummer: <order|771200>
Commande n° <order|55012> jamais reçue.
pedido nº <order|99127> perdido
Ordine numero <order|20931> arrivato rotto.
Numéro de commande : <order|4500123>
zamówienie nr <order|88120/24> bez zmian
Bestelling <order|90812345> kwijt.
Orders (<order|12345678>), and order #<order|771> too.
Mail <email|o'neil@shop.example> or '<email|bob@shop.example>'.
Glued: <email|a@b.co><email|_c@d.example>
Dial <phone|0044 7700 900123> or <phone|07700-900-123>.
Card <card|4111.1111.1111.1111> again.
Call me at <phone|(020) 7946 0958> please
Refund <account|DE89 3704 0044 0532 0130 00> please, or <account|gb82west12345698765432>.
IBAN: <account|FR14 2004 1010 0505 0001 3M02 606>, bitcoin <account|bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4>.
Send it to <account|1BitcoinEaterAddressDontSendf59kuE> he said.
Follow me on Instagram <account|@jane.doe> or <account|@doe_jane> anywhere.
Pictures: <account|https://www.instagram.com/jane.doe/>, <account|t.me/jdoe>, <account|youtube.com/@janedoe>.
Pay <account|paypal.me/janedoe>, write to <account|wa.me/4917139200>, see <account|www.facebook.com/jane.doe.92?ref=x>!
My insta is <account|jane_doe>, my IG: <account|jane92>.
I'm <account|jane_92> on Twitter, LINE IDは<account|jane.d7>です。
Spelt: <email|jane_doe at mail dot example> it is.
ご質問は<email|jane@mail.example>まで、電話番号は<phone|090-2060-9209>。注文番号は<order|21485497>です。
Bestellung mit der Nummer <order|81425> fehlt, mi número de pedido es <order|SO647725>.
Order #<order|5512>, call <phone|212-555-0188> or mail <email|a@b.example>.
"""
INNOCENT = """
I paid $1,299.00 instead of 2,499.00 for it.
Sizes 32 34 36 38 40 all run small.
Bought on 2024-03-15 at 10:00:00, broke on 12/05/2024.
Seit 15.03.2024 im Einsatz, 1.299,00 EUR.
ISBN 978-3-16-148410-0 is the second edition.
ISBN 0306406152 and 9780306406157 are the same book.
The WH-1000XM4 beats the WH-1000XM3 by far.
EAN 4006381333931 on the box, UPC 012345678905.
Model 2125551234 has no lid.
Serial number 415-555-2671 is worn off.
1920x1080 at 60 Hz, contrast 2000:1, 16:9.
I ordered 3 of them, 2 in 2021 and 1 in 2022.
In order 2 get it flat you need 10 minutes.
Would order again, 10/10, 5 stars, 100% happy.
order no 2 was better than order no 1
Ordered 2024-03-15, got it in 2-3 weeks.
order 2024-03-15 arrived 2024-03-20
My router sits at 192.168.100.200 now.
Pi is 3.14159265358979 on this calculator.
100 200 3000 units were sold in 2012-2015 and 2016-2019.
2 for 5@1.99 each is a bargain, says @janedoe.
10 000 000 000 steps later it still works.
Battery 10000 mAh, 5V/2.4A, weighs 0.350 kg.
Tracking moved from 1234 to 4321 miles.
IMEI 353456789012348 was printed wrongly.
Used it 24/7 for 365 days, washed 20 21 22 times.
I call it 5 stars and 10 out of 10.
Number 1234567890123456 is no card, 4111 1111 1111 1112 is none either.
The phone with 8 256 128 GB beats the phone 2400 x 1080.
My phone 2021-05-12 model, call of duty 2003-2023 series.
Resistance 100-200-3000 ohm, call 2 5 10 20 30 times.
See https://shop.example/p/2125550173?id=4155552671 for it.
2 @ $20, 3 @5 and @home all day, says @janedoe or a shop @ the mall.
DE12 3456 7890 1234 5678 90 is no account, 1111111111111111111114oLvT3 neither.
Instagram is great, my insta is full of it since 2020, I saw the iphone15 on Instagram and a snap button.
See instagram.com/p/Cx12345, facebook.com/groups/kettles and netflix.com/jane, instagram.com is fun.
I bought it at shop dot com, the order was 15000 rupees.
I'm 34_d on top, 注文してから2日で届きました。
Phone model 12345678, lot 4155552671, id: 8005550199.
"""
PLANT = re.compile(r"<(\w+)\|([^>]+?)(\.?)>")
CORPUS = [line for line in (PLANTED + INNOCENT).splitlines() if line]


def planted(line: str) -> tuple[str, str, Counter[str]]:
    """Give a line as a customer wrote it, as it should be masked, and what is planted in it."""
    return PLANT.sub(r"\2\3", line), PLANT.sub(r"[\1]\3", line), Counter(kind for kind, _, _ in PLANT.findall(line))


@pytest.mark.parametrize("line", CORPUS)
def test_personal_data_are_masked_and_nothing_else_when_a_line_is_of_the_corpus(line: str) -> None:
    written, expected, kinds = planted(line)
    assert mask(written) == (expected, kinds)
    assert mask(expected) == (expected, Counter())


def test_recall_and_precision_hold_when_the_whole_corpus_is_masked() -> None:
    hits = found = wanted = 0
    for line in CORPUS:
        written, _, kinds = planted(line)
        masked = Counter(mask(written)[1])
        hits, found, wanted = hits + (masked & kinds).total(), found + masked.total(), wanted + kinds.total()
    assert len(CORPUS) >= 60
    assert hits / wanted >= 0.95
    assert hits / found >= 0.95


@pytest.mark.parametrize(("region", "masked"), [("DE", "[phone]"), (None, "089 1234567")])
def test_national_numbers_are_known_when_the_region_is_given(region: str | None, masked: str) -> None:
    assert mask("Erreichbar unter 089 1234567 abends", region)[0] == f"Erreichbar unter {masked} abends"


@given(
    st.lists(st.sampled_from(CORPUS).map(lambda line: planted(line)[0]) | st.text(max_size=9), max_size=4), st.text()
)
def test_masking_changes_nothing_when_done_again(lines: list[str], glue: str) -> None:
    masked, _ = mask(glue.join(lines))
    assert mask(masked) == (masked, Counter())


@pytest.mark.parametrize(
    ("locale", "region"),
    [("en", None), ("en-GB", "GB"), ("de", "DE"), ("pt", "BR"), ("zh-Hant", "TW"), ("es-419", None)],
)
def test_region_is_where_people_write_so_and_none_where_that_is_everywhere(locale: str, region: str | None) -> None:
    assert region_of(locale) == region


def test_key_is_made_once_when_many_start_together(tmp_path: Path) -> None:
    data_dir = tmp_path / "not" / "yet"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(data_dir), range(16)))
    (key,) = keys
    assert len(key) == 32
    assert (data_dir / KEY_FILE).read_text() == key.hex() + "\n"
    assert stat.S_IMODE((data_dir / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in data_dir.iterdir()] == [KEY_FILE]


def test_configured_key_wins_when_a_file_is_there(tmp_path: Path) -> None:
    load_key(tmp_path)
    assert load_key(tmp_path, "ab" * 32 + "\n") == b"\xab" * 32
    assert load_key(tmp_path, "") == load_key(tmp_path)
    with pytest.raises(SettingError, match="TDCRAWL_PERSON_KEY must be 64 hexadecimal digits") as refusal:
        load_key(tmp_path, "hunter2")
    assert "hunter2" not in str(refusal.value)


def test_mask_finds_a_number_behind_a_text_of_strokes() -> None:
    assert mask("1/" * 20_000 + " call +44 20 7946 0958")[0].endswith("call [phone]")


@pytest.mark.attack("a key file that others may read", "refused")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_file_is_refused_when_others_may_read_it(tmp_path: Path, mode: int) -> None:
    load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(StoreError, match=f"chmod 600 {re.escape(str(tmp_path / KEY_FILE))}"):
        load_key(tmp_path)


@pytest.mark.attack("a key file that holds no key", "refused")
@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"\xff" * 64, b"zz" * 32])
def test_key_file_is_refused_when_it_holds_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY_FILE
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="does not hold 64 hexadecimal digits"):
        load_key(tmp_path)
    assert path.read_bytes() == content


def test_store_error_says_why_when_the_key_has_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot use the key file .*: File exists"):
        load_key(tmp_path / "file")


def test_person_hash_is_the_same_when_only_the_spelling_differs() -> None:
    key, other = b"k" * 32, b"o" * 32
    assert person_hash(key, "Jane  Doe") == person_hash(key, " JANE DOE.\0") == "d60704e126326b8c5d9ef222e906077f"
    assert person_hash(key, "Jane Doe") != person_hash(key, "Jane Dough")
    assert person_hash(key, "Jane Doe") != person_hash(other, "Jane Doe")
    assert person_hash(key, "\ud800") == person_hash(key, "")


def test_fields_hold_no_personal_data_when_masked_for_the_failed_feed() -> None:
    key = b"k" * 32
    raw = {
        "author": "Jane Doe",
        "text": "mail jane@mail.example",
        "date": "2024-03-15T10:00:00Z",
        "product_id": "B07-1",
    }
    assert mask_fields(raw, ["author", "seller"], key) == {
        "author": f"person:{person_hash(key, 'Jane Doe')}",
        "text": "mail [email]",
        "date": "2024-03-15T10:00:00Z",
        "product_id": "B07-1",
    }


def test_what_is_worth_a_look_does_not_depend_on_the_other_letters() -> None:
    signs = {chr(code) for code in range(128) if worth_a_look(chr(code))}
    assert signs == set("0123456789@[(_/")
    assert signs == {chr(code) for code in range(128) if worth_a_look(f"naïve {chr(code)}")}
    assert worth_a_look("jo1 at shop dot example")
