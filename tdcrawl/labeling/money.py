"""WHAT IS IT CALLED? What asking costs, in nanodollars: whole numbers, so that no cent is lost to rounding."""

import tomllib
from dataclasses import dataclass
from importlib import resources

from tdcrawl.errors import SettingError

NANODOLLARS = 1_000_000_000
_PER_MILLION = NANODOLLARS // 1_000_000
_PRICES = tomllib.loads(resources.files(__package__).joinpath("prices.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Price:
    """Hold what a token costs, in nanodollars."""

    input: int
    output: int

    def of(self, input_tokens: int, output_tokens: int, *, batch: bool = False) -> int:
        """Give the price of a call; a batch costs half."""
        whole = input_tokens * self.input + output_tokens * self.output
        return -(-whole // 2) if batch else whole


def price_of(model: str, told: str = "") -> Price:
    """Find the price of a model: as `told` ("1,5" dollars for a million tokens in, out), or listed.

    Raises SettingError where it is neither.
    """
    if told:
        try:
            dollars = [float(part) for part in told.split(",")]
            return Price(*(round(each * _PER_MILLION) for each in dollars))
        except (TypeError, ValueError) as error:
            raise SettingError(
                f"TDCRAWL_LABEL_PRICE: give dollars for a million tokens in,out, not {told!r}"
            ) from error
    for name, price in _PRICES.items():
        if model.startswith(name):
            return Price(price["input"] * _PER_MILLION, price["output"] * _PER_MILLION)
    known = ", ".join(_PRICES)
    raise SettingError(
        f"what {model} costs is not known ({known} are): set TDCRAWL_LABEL_PRICE=dollars in,out a million"
    )


def dollars(nanodollars: int) -> float:
    """Give an amount in dollars."""
    return nanodollars / NANODOLLARS
