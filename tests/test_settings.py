"""The settings: who wins, and that an egg or a shell gets the same answer."""

from pathlib import Path

import pytest

from tests.conftest import RunScrapy


@pytest.mark.parametrize(
    ("arguments", "env", "value"),
    [
        ([], {}, "{}"),
        ([], {"TDCRAWL_QUOTA": '{"positive": 5}'}, '{"positive": 5}'),
        (["-s", 'TDCRAWL_QUOTA={"positive": 7}'], {"TDCRAWL_QUOTA": '{"positive": 5}'}, '{"positive": 7}'),
    ],
)
def test_the_command_line_wins_over_the_environment_and_that_over_the_project(
    run_scrapy: RunScrapy, arguments: list[str], env: dict[str, str], value: str
) -> None:
    assert run_scrapy("settings", "--get", "TDCRAWL_QUOTA", *arguments, **env).stdout.strip() == value


def test_the_database_lies_in_the_data_folder_when_no_other_is_named(run_scrapy: RunScrapy, tmp_path: Path) -> None:
    folder = str(tmp_path / "elsewhere")
    for arguments, env in (((), {"TDCRAWL_DATA_DIR": folder}), (("-s", f"TDCRAWL_DATA_DIR={folder}"), {})):
        run_scrapy("sites", *arguments, **env)
        (Path(folder) / "tdcrawl.db").unlink()
