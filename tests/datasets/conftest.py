"""A collected corpus to freeze, in each database."""

from collections.abc import Iterator

import pytest

from tdcrawl.store.engine import Engine
from tests.datasets.corpus import a_review, collect


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Open a database with 200 reviews of 30 products."""
    engine = collect(database_url, [a_review(number) for number in range(200)])
    yield engine
    engine.dispose()
