"""WHAT a training row holds: the columns of a record type with their types, and the row of one stored record."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pydantic_core

from tdcrawl.outcomes import LabelReason
from tdcrawl.records.base import Record, RecordType
from tdcrawl.records.naming import PERSON

Row = dict[str, Any]
"""One training row: str, int, float, bool, aware UTC datetime or None by column name, in the order of the columns."""


class ColumnType(StrEnum):
    """Name the types a training column can have; each store knows its own word for them."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


Columns = Mapping[str, ColumnType]

_OF_PYTHON = {
    str: ColumnType.TEXT,
    int: ColumnType.INTEGER,
    float: ColumnType.NUMBER,
    bool: ColumnType.BOOLEAN,
    datetime: ColumnType.TIME,
}
# What we know of a record whatever its type; all other columns are fields of its model.
_ENVELOPE = {
    "record_id": ColumnType.TEXT,
    "label": ColumnType.TEXT,
    "label_source": ColumnType.TEXT,
    "label_confidence": ColumnType.NUMBER,
    "needs_review": ColumnType.BOOLEAN,
    "source": ColumnType.TEXT,
    "url": ColumnType.TEXT,
    "scraped_at": ColumnType.TIME,
    "cluster_id": ColumnType.TEXT,
    "split": ColumnType.TEXT,
    "sample_weight": ColumnType.NUMBER,
}


def columns_of(record_type: RecordType) -> dict[str, ColumnType]:
    """List the training columns of a record type, in order, typed by its model; raises TypeError for other types."""
    return {name: _ENVELOPE.get(name) or _model_column(record_type.model, name) for name in record_type.columns}


def features_of(record_type: RecordType) -> tuple[str, ...]:
    """List the numbers that records of a type can be trained on by themselves; none where its label is in a text."""
    if record_type.question:
        return ()
    numbers = {ColumnType.INTEGER, ColumnType.NUMBER}
    return tuple(name for name, kind in columns_of(record_type).items() if kind in numbers and name not in _ENVELOPE)


def training_row(stored: Mapping[str, Any], columns: Columns, split: str, weight: float = 1.0) -> Row:
    """Build the training row of a row of the table `records`."""
    envelope = {
        "record_id": stored["record_id"],
        "label": stored["label"],
        "label_source": stored["label_source"],
        "label_confidence": stored["label_confidence"],
        # Until somebody has looked at it.
        "needs_review": LabelReason.RATING_TEXT_CONFLICT in stored["flags"] and stored["label_source"] != PERSON,
        "source": stored["site"],
        "url": stored["canonical_url"],
        "scraped_at": stored["scraped_at"],
        "cluster_id": stored["cluster_id"],
        "split": split,
        "sample_weight": weight,
    }
    return typed({**stored["data"], **envelope}, columns)


def typed(values: Mapping[str, Any], columns: Columns) -> Row:
    """Give values out of JSON the types of their columns; a field that the model has gained since is None."""
    return {
        # Most are what they are: a call for each would take as long as all the rest.
        name: value if (value := values.get(name)) is None or kind not in _READ else _READ[kind](value)
        for name, kind in columns.items()
    }


def to_json(row: Row) -> str:
    """Write a row as one line of JSON, always the same for the same row; times are UTC and end in Z."""
    # What is no number stands as NaN, which no reader of JSON takes for one.
    return pydantic_core.to_json(row, inf_nan_mode="constants").decode()


def _moment(value: datetime | str) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


_READ: Mapping[ColumnType, Callable[[Any], Any]] = {ColumnType.TIME: _moment, ColumnType.NUMBER: float}
"""What gives values out of JSON their type."""


def _model_column(model: type[Record], name: str) -> ColumnType:
    computed = model.model_computed_fields.get(name)
    annotation = computed.return_type if computed else model.model_fields[name].annotation
    types = {plain for plain in _plain_types(annotation) if plain is not type(None)}
    if len(types) != 1 or not types <= _OF_PYTHON.keys():
        raise TypeError(f"{model.__name__}.{name}: {annotation} is no type of a training column")
    return _OF_PYTHON[types.pop()]


def _plain_types(annotation: Any) -> Iterator[Any]:
    """Unwrap `Annotated[str, …] | Literal["a", "b"] | None` down to str and NoneType."""
    if get_origin(annotation) is Annotated:
        yield from _plain_types(get_args(annotation)[0])
    elif get_origin(annotation) is Literal:
        yield from map(type, get_args(annotation))
    elif get_origin(annotation) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from _plain_types(member)
    else:
        yield annotation
