"""The door to Daft: where it runs, how it reads files, and how it calls functions of ours."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import daft
from daft import DataFrame, DataType, Expression

from tdcrawl.errors import SettingError

_ROWS_A_BATCH = 4096


@cache
def start(ray_address: str) -> None:
    """Say where Daft runs, which a process can do once; raises SettingError where no cluster is there."""
    if not ray_address:
        daft.set_runner_native()
        return
    if not ray_address.startswith(("auto", "local", "ray://")):
        # Ray would knock at any other for minutes, and then end the process.
        raise SettingError(f"TDCRAWL_RAY_ADDRESS: give auto, local or ray://HOST:10001, not {ray_address!r}")
    try:
        daft.set_runner_ray(ray_address)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise SettingError(f"TDCRAWL_RAY_ADDRESS: no Ray cluster at {ray_address!r}: {error}") from error


def read(files: Iterable[Path]) -> DataFrame:
    """Read Parquet files as one table."""
    return daft.read_parquet([str(file) for file in files])


def batch(
    function: Callable[..., Any], returned: DataType, *, unnest: bool = False, rows: int = _ROWS_A_BATCH
) -> Callable[..., Expression]:
    """Let Daft call a function with batches of rows, in its own process.

    With `use_process` of Daft 0.7.26 texts are signed half as fast on two cores, and under Ray it did not end.
    """
    return daft.func.batch(return_dtype=returned, unnest=unnest, use_process=False, batch_size=rows)(function)


def spread(frame: DataFrame, tasks: int) -> DataFrame:
    """Let a cluster share few rows that are each much work; on one machine Daft shares them anyway, and would warn."""
    is_one_machine = daft.get_or_create_runner().name == "native"
    return frame if is_one_machine else frame.into_partitions(tasks)
