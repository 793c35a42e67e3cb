"""The tests' own servers: started, apart from each other, and gone in the end."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect

from tdcrawl.store.engine import open_engine
from tests.conftest import RunScrapy
from tests.services import fresh_database, postgresql_server


def test_database_is_migrated_when_opened_on_each_server(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    assert "outcomes" in inspect(engine).get_table_names()
    engine.dispose()


def test_databases_share_nothing_when_two_are_on_one_server(postgresql_url: str) -> None:
    with fresh_database(postgresql_url, "left") as left, fresh_database(postgresql_url, "right") as right:
        with psycopg.connect(left) as connection:
            connection.execute("CREATE TABLE only_left (x int)")
        with psycopg.connect(right) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM only_left")


def test_server_is_gone_when_its_context_ends() -> None:
    with postgresql_server() as url, psycopg.connect(url) as connection:
        home = connection.execute("SHOW unix_socket_directories").fetchone()
        assert home is not None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert not Path(home[0]).exists()


def test_run_scrapy_keeps_to_the_tests_folder_when_it_writes(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    assert run_scrapy("sites").returncode == 0
    assert (tmp_path / "data" / "tdcrawl.db").is_file()
