"""Which split each record is in, as the rows say: every id counts in full."""

from tdcrawl.store import leaks, versions
from tdcrawl.store.engine import open_engine, writing

# The last bytes of two are zero, where NumPy's texts of bytes end.
IDS = ["ab" * 15 + "00", "ab" * 14 + "0000", "00" * 16, "ff" * 16, "cd" * 16, "01" * 16]


def test_places_are_those_of_the_rows_in_the_order_of_the_records(database_url: str) -> None:
    engine = open_engine(database_url)
    splits = dict(zip(IDS, ("test", "train", "validation", "train"), strict=False))
    with writing(engine) as connection:
        rows = [{"record_id": record_id, "split": split} for record_id, split in splits.items()]
        # Of another version, and without a record.
        versions.add_rows(connection, "v2", [{"record_id": IDS[4], "split": "test"}])
        versions.add_rows(connection, "v1", [*rows, {"record_id": "ee" * 16, "split": "test"}])
        found = leaks.places(connection, "v1", leaks.ids_of(IDS), ("test", "validation", "train"))
        assert found.tolist() == [1, 3, 2, 3, 0, 0]
        assert leaks.places(connection, "v1", leaks.ids_of([]), ("test", "validation", "train")).tolist() == []
    engine.dispose()


def test_ids_are_unpacked_as_they_were() -> None:
    assert leaks.named(leaks.ids_of(IDS)) == IDS
