"""WHAT a failed record keeps: the item as it was, what was wrong with it, and nobody's personal data."""

import re
from dataclasses import dataclass, replace
from typing import Any

from tdcrawl import privacy, text
from tdcrawl.outcomes import FieldError, Rejection
from tdcrawl.records.base import RecordType, TrainingItem

_KEPT_CHARACTERS = 10_000
# A name of one character stands in many words.
_LEAST_OF_A_NAME = 2


@dataclass(frozen=True)
class Hiding:
    """Hide whose data an item holds, in what is told of its failure; `locale` is how its site's people write."""

    item: TrainingItem
    record_type: RecordType
    person_key: bytes
    locale: str = "en"

    def error(self, quoted: str) -> str:
        """Make an error storable that may quote the item: names become `person:<hash>`, the rest is masked."""
        quoted = privacy.mask_error(quoted, self._region)
        people = {text.clean(self.item.raw.get(name, "")) for name in self.record_type.person_fields}
        for person in (name for name in people if len(name) >= _LEAST_OF_A_NAME):
            spelt = "|".join(map(re.escape, {person, repr(person)[1:-1]}))
            hashed = f"person:{privacy.person_hash(self.person_key, person)}"
            quoted = re.sub(rf"(?<!\w)(?:{spelt})(?!\w)", hashed, quoted)
        return quoted

    def rejection(self, why: Rejection) -> Rejection:
        """Hide what a rejection may quote from the page."""
        fields = [replace(error, message=self.error(error.message), value=self._shown(error)) for error in why.fields]
        return Rejection(
            why.bucket, why.reason, self.error(why.detail), fields=fields, matched=why.matched, score=why.score
        )

    def evidence(self, why: Rejection) -> dict[str, Any]:
        """Build what a failed record keeps of its item, its addresses included, from a rejection that hides all."""
        raw = {name: _cut(text.clean(value)) for name, value in self.item.raw.items()}
        errors = [
            {"field": error.field, "reason": error.reason, "message": error.message, "value": error.value}
            for error in why.fields
        ]
        return {
            "errors": errors,
            "message": why.detail,
            "requested_url": _mask_address(self.item.requested_url),
            "canonical_url": self.item.canonical_url and _mask_address(self.item.canonical_url),
            "item": privacy.mask_fields(raw, self.record_type.person_fields, self.person_key, self._region),
        }

    def _shown(self, error: FieldError) -> str | None:
        # What is wrong with a name may be its length, so that only a part of it is here.
        is_name = error.field in self.record_type.person_fields
        return None if error.value is None or is_name else self.error(error.value)

    @property
    def _region(self) -> str | None:
        return privacy.region_of(self.locale)


def _cut(value: str) -> str:
    # Enough to see what was wrong; a value of megabytes would only make the feed unreadable, and masking slow.
    return value if len(value) <= _KEPT_CHARACTERS else f"{value[:_KEPT_CHARACTERS]}… ({len(value)} characters)"


def _mask_address(url: str) -> str:
    masked, found = privacy.mask(url.replace("%40", "@"))
    return masked if found else url
