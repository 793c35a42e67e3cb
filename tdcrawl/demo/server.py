"""Serve the practice retailer on loopback: printed pages over HTTP/1.1, and a count of what was asked for."""

import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tdcrawl.demo.markup import Markup
from tdcrawl.demo.pages import Answer, error_page, print_shop
from tdcrawl.demo.shop import Shop

HOST = "127.0.0.1"
_PRODUCT = re.compile(r"/product/[^/]+")
_PAGE = re.compile(r"(?:^|&)page=(\d+)(?:&|$)")


def address_of(target: str) -> str:
    """Reduce what a client asks for to the address the shop itself gives that page.

    `/product/17/slug`, `/product/17;jsessionid=A?ref=home` and `/product/17?page=1` all are `/product/17`.
    """
    path, _, query = target.partition("?")
    path = path.partition(";")[0]
    if product := _PRODUCT.match(path):
        path = product[0]
    page = _PAGE.search(query)
    return f"{path}?page={page[1]}" if page and page[1] != "1" else path


class ShopServer(ThreadingHTTPServer):
    """Serve one shop in one markup; `hits` counts the requests by the address of the page (see `address_of`).

    Port 0 takes a free one; `base_url` says which. Raises OSError where the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, shop: Shop, markup: Markup, port: int = 0, *, log: bool = False) -> None:
        super().__init__((HOST, port), _Handler)
        self.base_url = f"http://{HOST}:{self.server_port}"
        self.hits: Counter[str] = Counter()
        self.markup = markup
        self.log = log
        self._answers = print_shop(shop, markup, self.base_url)
        self._not_found = error_page(shop, 404)
        self._counting = threading.Lock()

    def answer(self, target: str) -> Answer:
        """Look up the answer to a request target, and count it."""
        address = address_of(target)
        with self._counting:
            self.hits[address] += 1
        return self._answers.get(address, self._not_found)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up early, as a stopped crawl does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(shop: Shop, markup: Markup = Markup.JSON_LD, port: int = 0) -> Iterator[ShopServer]:
    """Serve a shop from a thread while the context lasts, giving the server: its `base_url` and its `hits`."""
    with ShopServer(shop, markup, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ShopServer
    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, at once: two small writes would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        answer = self.server.answer(self.path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_HEAD = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        if self.server.log:
            super().log_message(format, *args)
