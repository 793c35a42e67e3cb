"""What earlier runs have stored, for the stages to start from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select

from tdcrawl.records.base import RecordType
from tdcrawl.store.settling import seats_taken
from tdcrawl.store.tables import records

_STREAMED = {"yield_per": 5_000}


@dataclass(frozen=True, slots=True)
class StoredText:
    """Hold what near-duplicate detection needs of a stored record."""

    record_id: str
    cluster_id: str
    label: str
    text: str


def content_hashes(engine: Engine, record_type: RecordType) -> Iterator[tuple[str, str]]:
    """Yield the content hash and the id of each record of a type."""
    query = select(records.c.content_hash, records.c.record_id).where(records.c.record_type == record_type.name)
    with engine.connect() as connection:
        yield from connection.execute(query, execution_options=_STREAMED)


def texts(engine: Engine, record_type: RecordType) -> Iterator[StoredText]:
    """Yield the text that decides sameness of each record of a type."""
    columns = (records.c.record_id, records.c.cluster_id, records.c.label, records.c.data)
    query = select(*columns).where(records.c.record_type == record_type.name)
    with engine.connect() as connection:
        for record_id, cluster_id, label, data in connection.execute(query, execution_options=_STREAMED):
            text = record_type.same_text(record_type.model.model_construct(**data))
            yield StoredText(record_id, cluster_id, label, text)


def seats(engine: Engine, record_type: RecordType, strata: Iterable[str]) -> dict[str, int]:
    """Count the seats taken in each of these strata."""
    with engine.connect() as connection:
        return {stratum: seats_taken(connection, record_type.name, stratum) for stratum in strata}
