"""Whether labels are asked for, of whom, and for how much: what the settings say of it."""

from dataclasses import dataclass

from scrapy.settings import BaseSettings

from tdcrawl.errors import SettingError
from tdcrawl.labeling.labeller import Count, Labeller, Submit
from tdcrawl.labeling.llm import Model
from tdcrawl.labeling.money import NANODOLLARS, price_of
from tdcrawl.records.base import RecordType
from tdcrawl.setting_values import read_number, read_switch
from tdcrawl.store.terms import Sampling
from tdcrawl.store.votes import Buyer

BUDGET = "TDCRAWL_LABEL_BUDGET_USD"
_MOST_DOLLARS = 1_000_000
_MOST_CALLS = 1_000
_MOST_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Asking:
    """Hold how a crawl asks for labels.

    `asks`: whether records that the rule cannot label are kept; `model`: who is asked, None where no money was given.
    """

    asks: bool
    model: Model | None
    sampling: Sampling


def open_asking(settings: BaseSettings, record_type: RecordType) -> Asking:
    """Read how a crawl asks, and open the way to the model if it does; raises SettingError."""
    whether = asks(settings, record_type)
    model = open_model(settings) if whether and read_budget(settings) else None
    return Asking(whether, model, read_sampling(settings))


def asks(settings: BaseSettings, record_type: RecordType) -> bool:
    """Say whether a record without what its rule needs is kept, and asked for; a budget, be it 0, turns that on."""
    is_on = has_budget(settings) and read_switch(settings, "TDCRAWL_LABEL_RECORD_ENABLED")
    return is_on and record_type.question is not None


def has_budget(settings: BaseSettings) -> bool:
    """Say whether there is a budget for labels, be it 0."""
    return settings[BUDGET] not in {None, ""}


def read_budget(settings: BaseSettings) -> int:
    """Read what may be spent, in nanodollars; raises SettingError."""
    return round(read_number(settings, BUDGET, 0, _MOST_DOLLARS) * NANODOLLARS)


def read_sampling(settings: BaseSettings) -> Sampling:
    """Read of which shares of labels by votes people are asked too; raises SettingError."""
    shares = (read_number(settings, f"TDCRAWL_LABEL_{what}_SHARE", 0, 1) for what in ("AUDIT", "MINORITY"))
    return Sampling(*shares)


def open_model(settings: BaseSettings) -> Model:
    """Open the way to the model; raises SettingError where its price or the key is not known."""
    name = settings["TDCRAWL_LABEL_MODEL"]
    if not name:
        raise SettingError("TDCRAWL_LABEL_MODEL: name a model, such as claude-haiku-4-5-20251001")
    price = price_of(name, settings["TDCRAWL_LABEL_PRICE"])
    return Model.open(name, price, read_number(settings, "TDCRAWL_LABEL_SECONDS", 0.1, _MOST_SECONDS))


def open_labeller(
    settings: BaseSettings, record_type: RecordType, model: Model, submit: Submit, buyer: Buyer, count: Count
) -> Labeller:
    """Build what labels the records of a type, at the expense of a buyer."""
    calls_at_once = int(read_number(settings, "TDCRAWL_LABEL_CALLS", 1, _MOST_CALLS))
    return Labeller(record_type, model, submit, buyer, read_budget(settings), calls_at_once, count)
