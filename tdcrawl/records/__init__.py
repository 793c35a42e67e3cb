"""WHAT a good record is: one file per record type, and the list of them."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from tdcrawl.records.base import RecordType


def _found() -> Iterator[RecordType]:
    """Find what the files of this folder say record types are."""
    for module in iter_modules(__path__):
        held = vars(import_module(f"{__name__}.{module.name}")).values()
        yield from (value for value in held if isinstance(value, RecordType))


# Reviews first: they are what a page holds that tells nothing else.
RECORD_TYPES: dict[str, RecordType] = {
    record_type.name: record_type for record_type in sorted(_found(), key=lambda each: each.name != "review")
}
