"""What a page's readers found becomes items, each with an id that the same record gets at every visit."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from tdcrawl import text
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.base import Raw, TrainingItem, digest
from tdcrawl.sites.profile import SiteProfile
from tdcrawl.urls import canonical_url


def items_of(
    raws: Sequence[Raw], profile: SiteProfile, page_id: str, url: str, fetched_at: datetime
) -> Iterator[TrainingItem]:
    """Wrap what was found on the page at a URL, fetched then (UTC).

    The id comes from the record's own id, else from what it says; identical twins on one page are counted.
    """
    kind = RECORD_TYPES[profile.record_type]
    twins: dict[tuple[str, ...], int] = {}
    for position, raw in enumerate(raws):
        # Cleaned, as all that is stored: no database holds a lone surrogate, PostgreSQL not even a NUL.
        group = text.clean(raw.get(kind.group_field, "")) or canonical_url(url, profile.canonical.rules)
        native = text.clean(raw.get(kind.native_id_field, ""))
        said = (text.normalise(raw.get(name, "")) for name in kind.identity_fields)
        identity = ("native", native) if native else ("says", *said)
        ordinal = twins.get((group, *identity), 0)
        if not native:
            twins[group, *identity] = ordinal + 1
        yield TrainingItem(
            item_id=digest(profile.name, group, *identity, str(ordinal)),
            record_type=kind.name,
            site=profile.name,
            page_id=page_id,
            requested_url=url,
            fetched_at=fetched_at,
            group_key=group,
            position=position,
            raw={**raw, kind.group_field: group},
        )
