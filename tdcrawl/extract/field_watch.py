"""Which fields have left a site: nearly all of its records had them, and of the last ones none has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tdcrawl.drift import Group
from tdcrawl.records.base import Raw, RecordType
from tdcrawl.sites.profile import Read, Selectors

WINDOW = 10
"""So many records in a row make it sure: what most pages with a list of reviews hold at least.

As many teach, so that a class which is renamed after the first page is caught by the second.
"""
_NEARLY_ALL = 0.9


@dataclass(slots=True)
class _Seen:
    """Count the records that `had` a field, `of` those up to the last that had it, and those since, `without`."""

    had: int
    of: int
    without: int = 0

    @property
    def was_usual(self) -> bool:
        return self.of >= WINDOW and self.had >= _NEARLY_ALL * self.of

    def take(self, *, has: bool) -> None:
        if has:
            self.had, self.of, self.without = self.had + 1, self.of + self.without + 1, 0
        else:
            self.without += 1


class FieldWatch:
    """Watch the fields for which a site file has selectors, and which a record may lack without failing.

    `earlier` is how many records of a good run had them; the records of this run teach too.
    """

    def __init__(self, read: Read, record_type: RecordType, earlier: Group) -> None:
        self._selectors: Mapping[str, Selectors] = {
            name: selectors
            for name, selectors in {**read.page_fields, **read.fields}.items()
            if name in record_type.told_fields and name not in record_type.required
        }
        self._seen = {name: _Seen(earlier["found"].get(name, 0), earlier["of"]) for name in self._selectors}

    def lost(self, raws: Sequence[Raw], window: int = WINDOW) -> dict[str, str]:
        """Take the records of one more page; give the fields that are gone, each with what to say of it."""
        for raw in raws:
            for name, seen in self._seen.items():
                seen.take(has=bool(raw.get(name, "").strip()))
        gone = {name: seen for name, seen in self._seen.items() if seen.was_usual and seen.without >= window}
        return {name: self._told(name, seen) for name, seen in gone.items()} if raws else {}

    def _told(self, name: str, seen: _Seen) -> str:
        had = f"the last {seen.without} records lack {name}, which {seen.had} of {seen.of} before them had"
        return f"{had}: is {self._selectors[name]!r} still what it is called?"
