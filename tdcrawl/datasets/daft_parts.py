"""Write the parts of a version with Daft: put their lines aside, and let each worker write whole parts."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import daft
from daft import DataType, col

from tdcrawl.datasets.daft_door import batch, spread
from tdcrawl.datasets.split_files import OpenPart
from tdcrawl.records.columns import Columns
from tdcrawl.store import parquet


class Later:
    """Keep the lines of all parts in a folder until the last one is there."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._parts: dict[Path, _Waiting] = {}

    def open(self, path: Path, columns: Columns) -> OpenPart:
        """Begin to put lines aside."""
        self._parts[path] = _Waiting(self._scratch / f"{len(self._parts)}.jsonl", columns)
        return self._parts[path]

    def finish(self) -> None:
        """Let workers write the parts, which are the files that this process would have written."""
        columns = next(iter(self._parts.values())).columns
        names: dict[str, Any] = {
            "lines": [str(part.lines) for part in self._parts.values()],
            "part": [str(path) for path in self._parts],
        }
        written = batch(partial(_write, columns), DataType.int64(), rows=1)(col("lines"), col("part"))
        spread(daft.from_pydict(names), len(self._parts)).select(written).collect()


class _Waiting:
    """Keep the lines of a part in a file."""

    def __init__(self, lines: Path, columns: Columns) -> None:
        self.lines, self.columns, self.rows = lines, columns, 0
        self._file = lines.open("w", encoding="utf-8", newline="\n")

    def take(self, lines: Sequence[str]) -> Callable[[], parquet.Table]:
        """Put lines aside, and give what reads them."""
        self._file.writelines(f"{line}\n" for line in lines)
        self.rows += len(lines)
        return partial(parquet.table_of, list(lines), parquet.schema_of(self.columns))

    def close(self) -> None:
        """Take no more."""
        self._file.close()


def _write(columns: Columns, lines: Any, parts: Any) -> list[int]:
    both = zip(lines.to_pylist(), parts.to_pylist(), strict=True)
    return [parquet.write_lines(Path(part), columns, Path(source)) for source, part in both]
