"""A planted corpus: what customers of several locales write, with personal data of invented people, and without."""

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from stdnum import iban, luhn
from stdnum.ean import calc_check_digit
from stdnum.es import ccc

Span = tuple[str, int, int]
"""What stands where: kind, start, end."""
KINDS = ("email", "order", "card", "phone", "account")
_HELD_BACK = "held_back"
_SEED = 8717
_DRAWS = 2
_SENTENCES = Path(__file__).with_suffix(".toml")
_SLOT = re.compile(r"\{(\w+)\}")
_OF_ACCOUNTS = {"iban", "wallet", "handle", "nick", "profile"}
_HOSTS = ("mail.example", "post-box.example", "web.kunden.example")
_ORDERS = ("#####", "########", "A-#####", "###-#######-#######", "SO######", "####-##", "2024/#####")
_CARDS = ("4###############", "5[1-5]##############", "37#############", "6011############", "36############")
_NETWORKS = (
    "instagram.com/{}", "https://www.instagram.com/{}/", "t.me/{}", "paypal.me/{}", "www.facebook.com/{}",
    "https://www.tiktok.com/@{}", "x.com/{}", "wa.me/4917139200##",
)  # fmt: skip
_HANDLES = ("{first}_{last}", "{first}.{last}##", "{first}##", "{first}{last}", "the_{last}_{first}")
# Bitcoin's own examples, and addresses that nobody has the key of.
_WALLETS = (
    "1BitcoinEaterAddressDontSendf59kuE", "1111111111111111111114oLvT2", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
)  # fmt: skip
# How a bank account is numbered: A is a letter. Where a locale has none, strangers ask for money abroad.
_ACCOUNTS = {
    "GB": "AAAA##############", "DE": "##################", "FR": "#######################",
    "IT": "A######################", "NL": "AAAA##########", "PL": "########################",
    "BR": "#######################P1", "ES": "####################",
}  # fmt: skip
_ABROAD = {"US": "DE", "JP": "GB"}


@dataclass(frozen=True)
class Case:
    """Hold what somebody wrote; what is planted where; and whether it was held back."""

    locale: str
    text: str
    truth: tuple[Span, ...]
    held_back: bool


def planted_corpus() -> list[Case]:
    """Write the corpus, the same one in every run; no two cases are alike."""
    chance = random.Random(_SEED)  # noqa: S311 - nothing here is secret
    locales = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))
    cases = (case for locale, told in locales.items() for case in _Writer(chance, locale, told).cases())
    return list({case.text: case for case in cases}.values())


class _Writer:
    def __init__(self, chance: random.Random, locale: str, told: dict[str, Any]) -> None:
        self._chance, self._locale, self._told = chance, locale, told
        self._country = locale[-2:]

    def cases(self) -> Iterator[Case]:
        for part in (*KINDS, "innocent", "more", _HELD_BACK):
            for sentence in self._told[part]:
                for _ in range(_DRAWS):
                    yield self._case(sentence, held_back=part == _HELD_BACK)

    def _case(self, sentence: str, *, held_back: bool) -> Case:
        text, truth, end = "", [], 0
        for slot in _SLOT.finditer(sentence):
            text += sentence[end : slot.start()]
            start, end = len(text), slot.end()
            text += self._filled(slot[1])
            kind = "account" if slot[1] in _OF_ACCOUNTS else slot[1]
            if kind in KINDS:
                truth.append((kind, start, len(text)))
        return Case(self._locale, text + sentence[end:], tuple(truth), held_back)

    def _filled(self, slot: str) -> str:
        if set(slot) == {"d"}:
            return self._digits("#" * len(slot))
        return str(getattr(self, f"_{slot}")())

    def _digits(self, pattern: str) -> str:
        pattern = re.sub(r"\[(\d)-(\d)\]", lambda ends: str(self._chance.randint(int(ends[1]), int(ends[2]))), pattern)
        return re.sub("#", lambda _: str(self._chance.randrange(10)), pattern)

    def _letters(self, pattern: str) -> str:
        return re.sub("A", lambda _: self._chance.choice("BCDFGHKLMNRT"), pattern)

    def _name(self) -> tuple[str, str]:
        plain = normalize("NFKD", self._chance.choice(self._told["names"]).replace("Ł", "L").replace("ł", "l"))
        first, last = plain.encode("ascii", "ignore").decode().lower().split()
        return first, last

    def _email(self) -> str:
        first, last = self._name()
        name = self._chance.choice([f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}", f"{first}+shop"])
        name = self._chance.choice([name, f"{name}{self._digits('##')}", name.upper()])
        host = self._chance.choice(_HOSTS)
        ways = [f"{name}@{host}"] * 6 + [f"{name} (at) {host}", f"{name}[at]{host.replace('.', '[dot]')}"]
        return self._chance.choice([*ways, f"{name} at {host.replace('.', ' dot ')}"])

    def _phone(self) -> str:
        return self._digits(self._chance.choice(self._told["phones"]))

    def _order(self) -> str:
        return self._digits(self._chance.choice(_ORDERS))

    def _card(self) -> str:
        return self._grouped_card(right=True)

    def _notcard(self) -> str:
        return self._grouped_card(right=False)

    def _grouped_card(self, *, right: bool) -> str:
        digits = self._digits(self._chance.choice(_CARDS))[:-1]
        last = int(luhn.calc_check_digit(digits))
        digits += str(last if right else (last + self._chance.randint(1, 9)) % 10)
        groups = (4, 6, 5) if len(digits) == 15 else (4, 6, 4) if len(digits) == 14 else (4, 4, 4, 4)
        return self._chance.choice(["", " ", " ", "-"]).join(_cut(digits, groups))

    def _ean(self) -> str:
        digits = self._digits("40##########")
        return digits + calc_check_digit(digits)

    def _isbn(self) -> str:
        digits = self._digits("978#########")
        digits += calc_check_digit(digits)
        return self._chance.choice([digits, "-".join(_cut(digits, (3, 1, 4, 4, 1)))])

    def _iban(self) -> str:
        country = _ABROAD.get(self._country, self._country)
        number = self._letters(self._digits(_ACCOUNTS[country]))
        if country == "ES":
            number = number[:8] + ccc.calc_check_digits(f"{number[:8]}00{number[10:]}") + number[10:]
        number = f"{country}{iban.calc_check_digits(f'{country}00{number}')}{number}"
        spaced = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
        return self._chance.choice([number, spaced, spaced, number.lower()])

    def _wallet(self) -> str:
        return self._chance.choice(_WALLETS)

    def _nick(self) -> str:
        first, last = self._name()
        return self._digits(self._chance.choice(_HANDLES).format(first=first, last=last))

    def _handle(self) -> str:
        return f"@{self._nick()}"

    def _profile(self) -> str:
        return self._digits(self._chance.choice(_NETWORKS).format(self._nick()))


def _cut(digits: str, lengths: tuple[int, ...]) -> Iterator[str]:
    start = 0
    for length in lengths:
        yield digits[start : start + length]
        start += length
