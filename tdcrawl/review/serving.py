"""Serving the review page until it is told to end."""

import signal
import socket
from contextlib import closing, suppress
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from tdcrawl.errors import SettingError
from tdcrawl.review.app import build
from tdcrawl.review.queue import Queue
from tdcrawl.review.tokens import create_tokens, load_tokens

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def open_door(host: str, port: int, data_dir: Path) -> socket.socket:
    """Listen at an address, port 0 taking a free one, for those whom the token file names; raises SettingError.

    Beyond this machine only where somebody has written that file before.
    """
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            raise SettingError(f"--host {host}: name the one address that reviewers open; requests are checked for it")
    was_there = create_tokens(data_dir)
    load_tokens(data_dir)
    if host not in _LOOPBACK and not was_there:
        raise SettingError(f"--host {host}: the token file was only made now; look at it, and start again")
    try:
        ((family, *_, address), *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        door = socket.create_server(address[:2], family=family)
    except OSError as error:
        raise SettingError(f"cannot listen at {host}, port {port}: {error.strerror}") from error
    # asyncio sees to it for its own sockets only; without it each answer waits 40 ms for an acknowledgement.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def links(door: socket.socket, host: str, data_dir: Path) -> dict[str, str]:
    """Give the link that logs each person in, by their names."""
    name = f"[{host}]" if ":" in host else host
    base = f"http://{name}:{door.getsockname()[1]}"
    return {reviewer: f"{base}/login#{token}" for reviewer, token in load_tokens(data_dir).items()}


def serve(door: socket.socket, host: str, queue: Queue, data_dir: Path) -> None:
    """Serve until a signal says to end: the answers that are under way are finished."""
    hosts = {name for one in (*_LOOPBACK, host) for name in (one, f"[{one}]")}
    config = uvicorn.Config(
        build(queue, data_dir, hosts), log_level="warning", access_log=False, server_header=False, lifespan="off",
        proxy_headers=False,
    )  # fmt: skip
    # uvicorn repeats the signal once it has ended, which is no failure.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), closing(door):
        uvicorn.Server(config).run(sockets=[door])
