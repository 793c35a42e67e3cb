"""Real servers for the tests, each of a session's own, on a free loopback port."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from moto.server import ThreadedMotoServer
from psycopg.sql import SQL, Identifier

# PostgreSQL refuses to run as root, so then this user, whom its package brings, runs it.
_UNPRIVILEGED = "postgres"
_INSTALL_POSTGRESQL = "PostgreSQL is needed: `make test` installs it as root; else `sudo apt-get install postgresql`"


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL of its maintenance database."""
    binaries = _postgresql_binaries()
    with tempfile.TemporaryDirectory(prefix="tdcrawl-postgresql-") as home:
        if _user():
            shutil.chown(home, _UNPRIVILEGED)
        data, port = f"{home}/data", free_port()
        _run(home, binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")
        # Durability is what a test server can do without: -F leaves out every fsync.
        options = f"-F -k {home} -p {port} -c listen_addresses=127.0.0.1"
        _run(home, binaries / "pg_ctl", "start", "-w", "-D", data, "-l", f"{home}/log", "-o", options)
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            # pg_ctl knows the server by the pid in its data folder, so no other one is touched.
            _run(home, binaries / "pg_ctl", "stop", "-w", "-D", data, "-m", "immediate")


@contextmanager
def fresh_database(server_url: str, name: str, template: str = "template1") -> Iterator[str]:
    """Create a database, empty or as another is; yield its URL, and drop it in the end, whoever is still connected."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
        yield server_url.removesuffix("postgres") + name
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server that speaks S3, in a thread; yield its URL."""
    server = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


FARTHER = "127.0.0.2"
"""Another address of this machine, on which nothing of ours listens."""


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _postgresql_binaries() -> Path:
    # Debian keeps the server's programs out of PATH, in a folder a version; others have them in it.
    found = [Path(initdb) for initdb in [shutil.which("initdb")] if initdb]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.fail(_INSTALL_POSTGRESQL)
    return found[-1].parent


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_UNPRIVILEGED).pw_name
    except KeyError:
        pytest.fail(_INSTALL_POSTGRESQL)


def _run(cwd: str, *command: str | Path) -> None:
    user = _user()
    log = Path(cwd) / "commands.log"
    with log.open("ab") as output:
        # Into a file: the server inherits what pg_ctl was given, and would hold a pipe open for good.
        finished = subprocess.run(
            command, cwd=cwd, stdout=output, stderr=output, user=user, extra_groups=[] if user else None, check=False
        )
    if finished.returncode:
        pytest.fail(f"{command[0]} failed:\n{log.read_text(errors='replace')}")


def cut_off(server_url: str, database_url: str) -> None:
    """End all sessions of a PostgreSQL database, as a restart of its server does."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(ended, [database_url.rpartition("/")[2]])


@contextmanager
def database_gone(server_url: str, database_url: str) -> Iterator[None]:
    """Throw everybody out of a database, and let nobody in."""
    name = database_url.rpartition("/")[2]
    allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(allow.format(Identifier(name), SQL("false")))
        cut_off(server_url, database_url)
        yield
        connection.execute(allow.format(Identifier(name), SQL("true")))


def answers(address: str, port: int) -> bool:
    """Say whether anybody listens there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
