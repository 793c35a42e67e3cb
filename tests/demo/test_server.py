"""The server answers every alias of a page, counts what it is asked, and keeps connections open."""

import http.client
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest

from tdcrawl.demo.__main__ import main
from tdcrawl.demo.catalogue import practice_shop
from tdcrawl.demo.markup import Markup
from tdcrawl.demo.server import ShopServer, address_of, serving
from tdcrawl.demo.shop import Product, Shop, ShopReview

SMALL = Shop("Small", (Product("17", "Spoon", (ShopReview("1", "Fine", "5"),)),), broken={"/catalogue": 503})


def get(server: ShopServer, *targets: str, method: str = "GET") -> list[tuple[int, bytes]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    answers = []
    for target in targets:
        connection.request(method, target)
        response = connection.getresponse()
        answers.append((response.status, response.read()))
    connection.close()
    return answers


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("/product/17", "/product/17"),
        ("/product/17/tea-pot", "/product/17"),
        ("/product/17?ref=home&utm_source=x", "/product/17"),
        ("/product/17;jsessionid=A1?sid=5", "/product/17"),
        ("/product/17?page=1", "/product/17"),
        ("/product/17/tea-pot?ref=home&page=2", "/product/17?page=2"),
        ("/product/17?subpage=2", "/product/17"),
        ("/catalogue?page=3", "/catalogue?page=3"),
    ],
)
def test_address_is_the_shops_own_when_an_alias_is_asked_for(target: str, address: str) -> None:
    assert address_of(target) == address


def test_aliases_give_one_page_and_are_counted_under_it_when_requested() -> None:
    with serving(SMALL) as server:
        answers = get(server, "/product/17", "/product/17/spoon?ref=x", "/product/17;jsessionid=1", "/nowhere")

    assert [status for status, _ in answers] == [200, 200, 200, 404]
    assert answers[0] == answers[1] == answers[2]
    assert server.hits == {"/product/17": 3, "/nowhere": 1}


def test_status_is_the_planted_one_when_a_page_is_broken() -> None:
    with serving(SMALL) as server:
        (status, body), *_ = get(server, "/catalogue")

    assert status == 503
    assert b"503: " in body


def test_body_stays_away_when_only_the_head_is_asked_for() -> None:
    with serving(SMALL) as server:
        assert get(server, "/product/17", "/product/17", method="HEAD") == [(200, b""), (200, b"")]


def test_two_shops_stay_apart_when_served_at_once() -> None:
    with serving(SMALL, Markup.CSS) as one, serving(practice_shop(), Markup.JSON_LD) as other:
        assert one.base_url != other.base_url
        assert b"Spoon" in get(one, "/product/17")[0][1]
        assert b"Penhallow Notebook" in get(other, "/product/17")[0][1]
        assert f"Sitemap: {other.base_url}/sitemap.xml".encode() in get(other, "/robots.txt")[0][1]

    assert one.hits == {"/product/17": 1}


def test_serve_prints_where_and_how_when_started_and_ends_when_interrupted() -> None:
    command = [sys.executable, "-m", "tdcrawl.demo", "serve", "--port", "0", "--markup", "css"]
    project = Path(__file__).parents[2]
    # Whoever runs the tests in the background of a shell has it ignored.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, preexec_fn=heard) as process:  # noqa: PLW1509
        assert process.stdout is not None
        url = process.stdout.readline().split()[4]
        assert process.stdout.readline().endswith(f"-a site=demo_store_css -a start={url}\n")
        with urlopen(url, timeout=10) as response:  # noqa: S310 - our own loopback server
            assert b"Fernhollow Kettle" in response.read()
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "The shop is closed.\n"

    assert process.returncode == 0


def test_serve_says_what_is_wrong_when_the_file_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["serve", "--port", "0", "--reviews", str(tmp_path / "none.csv")])

    assert ending.value.code == 2
    assert "No such file or directory" in capsys.readouterr().err
