"""What tests of every room share: databases, the command line, and the data kept beside the checkout."""

import gc
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from tdcrawl.store.engine import open_engine
from tests import processes
from tests.buckets import Bucket, s3_environment
from tests.services import fresh_database, postgresql_server, s3_server

pytest_plugins = ["tests.attacks"]
PROJECT = Path(__file__).parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there has a name that nobody can know
ROOM = 4 * 2**30

RunScrapy = Callable[..., subprocess.CompletedProcess[str]]

# How long an example takes says more about the machine than about the code.
settings.register_profile("tdcrawl", deadline=None)
settings.load_profile("tdcrawl")


def pytest_configure() -> None:
    """Write into memory; forget the settings of whoever runs the tests: their database must not become the tests'."""
    # A disk takes longer to make and to delete the files of a database than most tests take for all else.
    if "TMPDIR" not in os.environ and IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)
    for name in [name for name in os.environ if name.startswith(("TDCRAWL_", "ANTHROPIC_", "SCRAPY_", "AWS_"))]:
        del os.environ[name]
    # A hundred processes start: each would compile the project anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # The shops of the tests are on this machine.
    os.environ["TDCRAWL_ALLOW_LOOPBACK"] = "true"
    # Whether a crawl lasts until a line of progress is due says how fast the machine is, and nothing about the crawl.
    os.environ["TDCRAWL_PROGRESS_SECONDS"] = "3600"


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Have one worker more than processors: tests that wait, for a delay or a time limit, leave one idle."""
    return (yield) + 1


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Start one PostgreSQL for all tests of this process; its maintenance database."""
    with postgresql_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database without any table, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with fresh_database(request.getfixturevalue("postgresql_url"), f"test_{uuid4().hex}") as url:
            yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> Iterator[str]:
    """Create a database with our schema, and give its name: a copy takes a fraction of what the migrations do."""
    with fresh_database(postgresql_url, "ours") as url:
        open_engine(url).dispose()
        yield "ours"


@pytest.fixture
def postgresql_database(postgresql_url: str, postgresql_template: str) -> Iterator[str]:
    """Create a PostgreSQL database for one test, with our schema and no row."""
    with fresh_database(postgresql_url, f"test_{uuid4().hex}", postgresql_template) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a database file with our schema, to be copied."""
    file = tmp_path_factory.mktemp("template") / "ours.db"
    open_engine(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a database with our schema and no row, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "tdcrawl.db")
        return f"sqlite:///{tmp_path / 'tdcrawl.db'}"
    return str(request.getfixturevalue("postgresql_database"))


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """Start one S3 for all tests of this process."""
    with s3_server() as url:
        yield url


@pytest.fixture
def bucket(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Make a bucket for one test, and put into the environment what leads there."""
    for name, value in s3_environment(s3_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    return Bucket.made(s3_url, f"test-{uuid4().hex}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real data beside the checkout; its tests are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the real data of ../shared/data, which is not beside this checkout")
    return SHARED_DATA


@pytest.fixture
def without_collections() -> Iterator[None]:
    """Let nothing go but what nobody holds."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def run_scrapy(tmp_path: Path) -> RunScrapy:
    """Run `scrapy …` as a user does, in the project's folder and with a data folder of the test's own."""
    return run_scrapy_in(tmp_path / "data")


def run_scrapy_in(data_dir: Path) -> RunScrapy:
    """Build what runs `scrapy …` with a data folder."""

    def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return processes.run_scrapy(arguments, os.environ | {"TDCRAWL_DATA_DIR": str(data_dir)} | env)

    return run
