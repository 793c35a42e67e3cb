"""What stands beside a training split that is balanced: an index that repeats its rows, or rows that are made up."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tdcrawl.balance import smote
from tdcrawl.balance.resample import Balance
from tdcrawl.datasets.plan import LABEL
from tdcrawl.datasets.split import TRAIN
from tdcrawl.records import RECORD_TYPES
from tdcrawl.records.columns import ColumnType as Type
from tdcrawl.records.columns import Row, features_of, to_json
from tdcrawl.store.parquet import ROWS_A_GROUP, Part, Table

INDEX, SMOTE = f"index/{TRAIN}.parquet", f"smote/{TRAIN}.parquet"
"""Where they are: beside the splits, so that whoever reads a split's folder reads nothing else."""


class Beside(Protocol):
    """Stand for what is told of the rows of a split, group by group."""

    name: str

    @property
    def rows(self) -> int:
        """Count its own rows."""

    def take(self, rows: Table, first: int) -> None:
        """Take the next rows; `first` is the place of the first of them in the split."""

    def finish(self) -> None:
        """Write what can be written only once all rows are known."""

    def close(self) -> None:
        """Close the file, whole or not."""


def open_beside(folder: Path, description: Mapping[str, Any]) -> Beside | None:
    """Open what a version has beside its training split, by its description."""
    match Balance(description["parameters"]["balance"]):
        case Balance.OVERSAMPLE:
            return Index(folder)
        case Balance.SMOTE:
            wanted = {label: count["after"] for label, count in description["balanced"].items()}
            features = features_of(RECORD_TYPES[description["record_type"]])
            return MadeUp(folder, features, wanted, description["parameters"]["seed"])
    return None


class Index:
    """Name each row as often as it counts: its place among the rows of the split, from 0."""

    name = INDEX

    def __init__(self, folder: Path) -> None:
        self._part = _part(folder / self.name, {"row": Type.INTEGER})

    @property
    def rows(self) -> int:
        """Count the places."""
        return self._part.rows

    def take(self, rows: Table, first: int) -> None:
        """Write the places of rows."""
        self._part.take(list(_places(first, rows["sample_weight"].to_pylist())))

    def finish(self) -> None:
        """Do nothing: all is written."""

    def close(self) -> None:
        """Close the file."""
        self._part.close()


class MadeUp:
    """Write the numbers of each row that has all of them, then rows that are made up between those of a rare label."""

    name = SMOTE

    def __init__(self, folder: Path, features: Sequence[str], wanted: Mapping[str, int], seed: str) -> None:
        numbers = dict.fromkeys(features, Type.NUMBER)
        columns = {"record_id": Type.TEXT, "is_synthetic": Type.BOOLEAN, LABEL: Type.TEXT, **numbers}
        self._part = _part(folder / self.name, columns)
        self._features, self._wanted, self._seed = features, wanted, seed
        self._labels: list[str] = []
        self._numbers = [array("d") for _ in features]

    @property
    def rows(self) -> int:
        """Count the rows, made up or not."""
        return self._part.rows

    def take(self, rows: Table, first: int) -> None:
        """Write the numbers of rows, and keep them."""
        named = rows.select(["record_id", LABEL, *self._features]).to_pylist()
        complete = [row for row in named if is_complete(row)]
        self._write(
            [self._row(row["record_id"], row[LABEL], [row[name] for name in self._features]) for row in complete]
        )
        self._labels += [row[LABEL] for row in complete]
        for name, kept in zip(self._features, self._numbers, strict=True):
            kept.extend(row[name] for row in complete)

    def finish(self) -> None:
        """Write what is made up."""
        numbers = list(zip(*self._numbers, strict=True))
        made = smote.between(numbers, self._labels, self._wanted, self._seed)
        self._write([self._row(None, label, row) for label, row in made])

    def close(self) -> None:
        """Close the file."""
        self._part.close()

    def _row(self, record_id: str | None, label: str, numbers: Sequence[float]) -> str:
        named = zip(self._features, map(float, numbers), strict=True)
        return to_json({"record_id": record_id, "is_synthetic": record_id is None, LABEL: label, **dict(named)})

    def _write(self, lines: Sequence[str]) -> None:
        for start in range(0, len(lines), ROWS_A_GROUP):
            self._part.take(lines[start : start + ROWS_A_GROUP])


def is_complete(row: Row) -> bool:
    """Say whether a row lacks nothing."""
    return None not in row.values()


def _part(path: Path, columns: Mapping[str, Type]) -> Part:
    path.parent.mkdir()
    return Part(path, columns)


def _places(first: int, weights: Sequence[float]) -> Iterator[str]:
    for place, weight in enumerate(weights, first):
        yield from [to_json({"row": place})] * int(weight)
