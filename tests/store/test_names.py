"""Names from outside that hold SQL or paths: refused by their form, or looked for as the texts that they are."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from tdcrawl.datasets.plan import check_name
from tdcrawl.errors import DatasetError, SiteError, StoreError
from tdcrawl.review.tokens import TOKENS_FILE, load_tokens
from tdcrawl.sites.loading import parse_profile
from tdcrawl.store.engine import open_engine
from tdcrawl.store.failures import list_failures
from tdcrawl.store.ledger import Ledger
from tdcrawl.store.overview import last_runs
from tdcrawl.store.story import tell
from tdcrawl.store.tables import outcomes
from tests.builders import a_run

NAMES = (
    "v1'; DROP TABLE records; --", 'v1" OR ""="', "v1) UNION SELECT * FROM labels --", "../../etc/passwd", "%", "_",
    "v1\x00", "$(id)", "v1\nDROP TABLE outcomes",
)  # fmt: skip


@pytest.mark.attack("SQL, paths and wildcards as the name of a version, a site, a reviewer", "refused", cases=3)
@pytest.mark.parametrize("name", NAMES)
def test_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names no version"):
        check_name(name)
    with pytest.raises(SiteError, match="a site is named by its file"):
        parse_profile(name, b"", "site.toml")
    (tmp_path / TOKENS_FILE).write_text(f"{name} {'a' * 32}\n")
    (tmp_path / TOKENS_FILE).chmod(0o600)
    with pytest.raises(StoreError, match="reviewers"):
        load_tokens(tmp_path)


@pytest.mark.attack(
    "SQL, paths and wildcards as the id of a record or a run, or as a reason", "nothing is found", cases=3
)
@pytest.mark.parametrize("name", [name for name in NAMES if "\x00" not in name])
def test_id_that_is_none_finds_nothing_and_harms_nothing(name: str, database_url: str) -> None:
    ledger = Ledger.open(database_url, a_run())
    ledger.finish("finished", {})
    ledger.engine.dispose()
    engine = open_engine(database_url)
    with pytest.raises(StoreError):
        tell(engine, name)
    assert not last_runs(engine, name)
    assert not list_failures(engine, name, name)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(outcomes)) == 0
    engine.dispose()
