"""How what is to be labelled is taken up by a command: at once, or by batches."""

import asyncio
from typing import TYPE_CHECKING, TypeVar

from tdcrawl.asking import open_model
from tdcrawl.command import TdcrawlCommand
from tdcrawl.errors import StoreError
from tdcrawl.labeling.llm import UnavailableError
from tdcrawl.records.base import RecordType

if TYPE_CHECKING:
    from tdcrawl.backlog import Backlog

_Work = TypeVar("_Work", bound="Backlog")
MODES = ("inline", "batch")


def take_up(command: TdcrawlCommand, kind: RecordType, mode: str, what: type[_Work]) -> _Work:
    """Label records of a type in one of MODES, and give what became of them; raises SettingError or StoreError."""
    # Scrapy imports this file for every command, and these take their time.
    from tdcrawl.backlog import label_inline, open_backlog  # noqa: PLC0415
    from tdcrawl.by_batch import label_by_batch  # noqa: PLC0415

    async def label() -> None:
        model = open_model(command.project_settings)
        try:
            await (label_inline if mode == "inline" else label_by_batch)(work, model)
        finally:
            await model.close()

    with open_backlog(command.project_settings, command.engine, kind, what) as work:
        try:
            asyncio.run(label())
        except UnavailableError as error:
            told = "the labelling service does not answer now"
            raise StoreError(f"{told}: {error}; what waits goes on waiting") from error
    return work
