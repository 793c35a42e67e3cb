"""The part of a dataset card on where its rows come from: sources, stages, personal data, pages that were refused."""

from collections.abc import Iterator, Mapping
from typing import Any

_HIDDEN = {
    "email": "e-mail addresses",
    "account": "accounts",
    "order": "order numbers",
    "card": "card numbers",
    "phone": "phone numbers",
}
_PERMITTED = {
    "allowed": "{records} records are of hosts that said nothing against training when they were read ({from} to {to})",
    "in_part": "{records} are of pages that their host's opt-out did not cover ({from} to {to})",
    "opted_out": "{records} are of hosts or pages that had opted out ({from} to {to})",
    "unavailable": "{records} are of hosts whose robots.txt could not be read ({from} to {to})",
    "not_read": "{records} were collected before anybody asked for opt-outs, or by hand",
}


def sources(provenance: Mapping[str, Any]) -> Iterator[str]:
    """Tell which sites the records are from, when they were scraped, and of which time they tell."""
    yield "## Sources\n\n| site | records | scraped from | to |\n|---|---|---|---|"
    for site, facts in provenance["sources"].items():
        yield f"| {site} | {facts['records']} | {facts['scraped_from']} | {facts['scraped_to']} |"
    for name, dates in provenance["dates"].items():
        if dates["records"]:
            yield f"\n`{name}`, which {dates['records']} records have, is from {dates['from']} to {dates['to']}."


def filters(provenance: Mapping[str, Any], threshold: float) -> Iterator[str]:
    """Tell which stages ran, how many items were copies, from where on splits share none, and what became of all."""
    yield "\n## Filters\n"
    yield from _stages(provenance["stages"])
    yield from _copies(provenance)
    yield f"Rows of different splits were searched for texts that share {threshold:.0%} of their words or more."
    ledger = provenance["ledger"]
    yield "\n| outcome | items | share |\n|---|---|---|"
    for name, number in ledger.items():
        yield f"| {name} | {number} | {number / _items(ledger):.2%} |"


def _stages(stages: Mapping[str, Any]) -> Iterator[str]:
    if stages["runs"]:
        yield f"Each stage with the number of runs in which it saw items, of {stages['runs']}:"
        yield ", ".join(f"`{name}` ({number})" for name, number in stages["saw_items"].items()) + ".\n"


def _copies(provenance: Mapping[str, Any]) -> Iterator[str]:
    ledger = provenance["ledger"]
    for reason, what in (("exact_duplicate", "the same text as"), ("near_duplicate", "nearly the same text as")):
        number = ledger.get(f"duplicate/{reason}", 0)
        yield f"{number} of {_items(ledger)} items ({number / _items(ledger):.2%}) had {what} a record."
    if provenance["least_alike"] is not None:
        yield f"The least alike of these share {provenance['least_alike']:.0%} of their words (Jaccard)."


def _items(ledger: Mapping[str, int]) -> int:
    return sum(number for name, number in ledger.items() if "/" not in name) or 1


def personal_data(provenance: Mapping[str, Any]) -> Iterator[str]:
    """Tell what was hidden, how, and in how many records."""
    yield "\n## Personal data\n"
    marks = ", ".join(f"`[{kind}]`" for kind in _HIDDEN)
    yield f"Patterns find what is masked, as {marks} (in how many records, before"
    masked = provenance["masked"]
    yield f"balancing): {', '.join(f'{what} ({masked.get(kind, 0)})' for kind, what in _HIDDEN.items())}."
    stages = provenance["stages"]
    if unmasked := stages["runs"] - stages["saw_items"].get("redact_personal_data", 0):
        yield f"`redact_personal_data` saw no item in {unmasked} of {stages['runs']} runs: nothing was masked there."
    for field, number in provenance["persons"].items():
        yield f"Names are not kept: `{field}` is a keyed hash (HMAC-SHA256), whose key is no part of the dataset"
        yield f"({number} records have one)."


def opt_outs(provenance: Mapping[str, Any], without: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Tell which pages and records were left alone because of what sites say, and what they had said of the others."""
    yield "\n## Opt-outs\n"
    if provenance["refused"]:
        yield "| site | pages left alone | because |\n|---|---|---|"
        yield from _counted(provenance["refused"])
    else:
        yield "No page that was asked for was refused by its site."
    # Versions of before were frozen without.
    for verdict, read in provenance.get("permissions", {}).items():
        yield f"\n{_PERMITTED[verdict].format(**read)}."
    if without:
        yield "\n| site | records left out | because it says since |\n|---|---|---|"
        yield from _counted(without)


def _counted(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for site, reasons in counts.items():
        yield from (f"| {site} | {number} | {reason} |" for reason, number in reasons.items())
