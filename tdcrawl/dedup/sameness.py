"""HAVE WE SEEN it? The judgement of sameness over all records of a type, stored ones and those on their way."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from tdcrawl.dedup import near
from tdcrawl.dedup.index import TextIndex, entry_bytes
from tdcrawl.dedup.judge import Text, judge
from tdcrawl.dedup.near import Signature
from tdcrawl.likeness import Judgement
from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import Label
from tdcrawl.store import bands
from tdcrawl.store.engine import Connection, Engine, reachable, writing
from tdcrawl.store.placement import records_of
from tdcrawl.store.rows import Row

# No two texts are as similar; the same words are recognised without it.
_NEVER = 2.0


class Sameness:
    """Judge what repeats what among the records of a type.

    `threshold` is the Jaccard similarity (0-1) from which two texts are the same; None compares whole texts only.
    `name` labels a record that nobody has labelled yet: one that was a duplicate and is none any more.
    """

    def __init__(
        self, record_type: RecordType, threshold: float | None, name: Callable[[RecordType, Record], Label | None]
    ) -> None:
        self.index = TextIndex(threshold or 1.0)
        self._record_type = record_type
        self._threshold = threshold or _NEVER
        self._near = threshold is not None
        self._name = name
        self._known = 0
        self.writer = uuid4().hex
        """Who writes what `enter` returns: others learn of it from the database, this index knows it."""

    def open(self, engine: Engine) -> None:
        """Learn all stored records, signing those that no index knows yet; raises StoreError for a foreign index."""
        name = self._record_type.name
        with writing(engine) as connection:
            bands.agree_on_scheme(connection, name, near.SCHEME)
            self._sign_all(connection)
        with engine.connect() as connection:
            self._known = bands.newest(connection)
            # Step by step the tables would be laid out anew, eight times for a million.
            self.index.make_room(bands.count(connection, name))
            for entries in bands.entries(connection, name):
                self.index.load(entries)

    def make_anew(self, engine: Engine) -> None:
        """Sign all records again, by the scheme of this version."""
        with writing(engine) as connection:
            bands.forget_all(connection, self._record_type.name)
            bands.agree_on_scheme(connection, self._record_type.name, near.SCHEME)
            self._sign_all(connection)

    def catch_up(self, connection: Connection) -> None:
        """Learn of the records that others have written since."""
        newest, is_news = bands.news(connection, self._known, self.writer)
        if is_news:
            for entries in bands.entries(connection, self._record_type.name, after=self._known, not_of=self.writer):
                self.index.load(entries)
        self._known = newest

    def sign(self, row: Row) -> Signature:
        """Make the signature of a row's text."""
        return near.sign(self.text_of(row).normalised)

    def similar(self, record_id: str, signature: Signature) -> set[str]:
        """Find the ids of the other texts that may resemble one."""
        found = self.index.near(signature) if self._near else self.index.same(signature)
        found.discard(record_id)
        return found

    def judge(self, row: Row, others: Iterable[Row]) -> Judgement:
        """Compare a row's record with others."""
        return self.judge_texts(self.text_of(row), map(self.text_of, others))

    def judge_texts(self, text: Text, others: Iterable[Text]) -> Judgement:
        """Compare a text with others."""
        return judge(text, others, self._threshold)

    def stored(self, engine: Engine, ids: Iterable[str]) -> list[Text]:
        """Read the texts of records, passing over other ids; raises StoreError where the database is gone."""
        with reachable(), engine.connect() as connection:
            return [self.text_of(row) for row in records_of(connection, ids)]

    def enter(self, record_id: str, signature: Signature) -> bytes:
        """Make a record one that others can resemble; returns what is stored of it for that."""
        self.index.add(record_id, signature)
        return entry_bytes(record_id, signature)

    def rank(self, row: Row) -> Any:
        """Say how good a copy is: less is better."""
        return self.text_of(row).rank

    def label(self, row: Row) -> Label | None:
        """Label the record of a row by its type's rule, which may abstain."""
        return self._name(self._record_type, self._record_type.stored(row["data"]))

    def text_of(self, row: Row) -> Text:
        """Give what is compared of a row."""
        record = self._record_type.stored(row["data"])
        return self.text(row["record_id"], record, self._record_type.sameness(record))

    def text(self, item_id: str, record: Record, normalised: str) -> Text:
        """Give what is compared of an item; among copies that its type finds equally good the smaller id is better."""
        rank = (*self._record_type.preference(record, normalised), item_id)
        return Text(item_id, normalised, self._record_type.rule(record) or "", rank)

    def _sign_all(self, connection: Connection) -> None:
        for rows in bands.unsigned(connection, self._record_type.name):
            bands.add(connection, [(row, entry_bytes(row["record_id"], self.sign(row))) for row in rows], self.writer)


def reindex(engine: Engine, record_type: RecordType, name: Callable[[RecordType, Record], Label | None]) -> int:
    """Make the stored index of a record type anew; returns of how many records."""
    sameness = Sameness(record_type, None, name)
    sameness.make_anew(engine)
    sameness.open(engine)
    return len(sameness.index)
