"""Who may ask for what: nothing without a login, nothing from other pages, nothing under another name."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tdcrawl.errors import SettingError, StoreError
from tdcrawl.review import serving
from tdcrawl.review.app import router
from tdcrawl.review.tokens import TOKENS_FILE, create_tokens, load_tokens, reviewer_of
from tests.builders import GOOD_TEXT
from tests.review.conftest import TOKENS
from tests.reviewing import unnamed

OpenDesk = Callable[..., Any]
OPEN = {"/login", "/static/{name}"}
ROUTES = [(way, route.path) for route in router.routes if isinstance(route, APIRoute) for way in route.methods or ()]
GOOD = "ann " + "a" * 32


def csrf_of(html: str) -> str:
    found = re.search('name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]


@pytest.mark.attack("the review page without a login, by every route", "401, and no text", cases=len(ROUTES) + 1)
def test_every_route_but_the_login_wants_one(open_desk: OpenDesk) -> None:
    desk = open_desk([unnamed("one")])
    assert {path for _, path in ROUTES} >= {"/", "/answer", "/skip", "/undo", "/agreement", "/logout"}
    for method, path in ROUTES:
        status, headers, html = desk.request(
            method, path, {"task_id": 1, "label": "positive"}, Cookie="tdcrawl_review=x"
        )
        assert status == (401 if path not in OPEN or method == "POST" else {"/login": 200}.get(path, 404)), path
        assert GOOD_TEXT not in html
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    status, _, _ = desk.request("GET", "/static/..%2fapp.py")
    assert status == 404


@pytest.mark.attack(
    "a form from elsewhere, of another person, too large, or sent twice", "refused; nothing changes", cases=10
)
def test_posts_from_elsewhere_are_refused_and_change_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk([unnamed("one")])
    cookie = desk.log_in("ann")
    _, _, html = desk.request("GET", "/", Cookie=cookie)
    form = {"csrf": csrf_of(html), "task_id": 1, "label": "positive"}
    others = csrf_of(desk.request("GET", "/", Cookie=desk.log_in("ben"))[2])
    attacks: list[tuple[int, dict[str, object], dict[str, str]]] = [
        (400, form, {"Host": "evil.example"}),
        (403, form, {"Origin": "http://evil.example"}),
        (403, form, {"Origin": "null"}),
        (403, form, {"Origin": "http://127.0.0.1:1"}),
        (403, {**form, "csrf": ""}, {}),
        (403, {**form, "csrf": others}, {}),
        (413, {**form, "more": "x" * 20_000}, {}),
        (422, {**form, "task_id": "x"}, {}),
    ]
    for expected, sent, headers in attacks:
        assert desk.request("POST", "/answer", sent, Cookie=cookie, **headers)[0] == expected, headers
    assert desk.request("GET", "/", Host="evil.example", Cookie=cookie)[0] == 400
    assert desk.queue.next("ann").state == "open"
    assert desk.request("POST", "/answer", form, Cookie=cookie)[0] == 200
    # The same once more, as a double press sends it, is told and not taken.
    assert "answered already" in desk.request("POST", "/answer", form, Cookie=cookie)[2]


@pytest.mark.attack("a cookie after its logout, and a guessed token", "401", cases=2)
def test_logout_ends_the_session_and_cookies_are_for_this_page_only(open_desk: OpenDesk) -> None:
    desk = open_desk([unnamed("one")])
    _, headers, _ = desk.request("POST", "/login", {"token": TOKENS["ann"]})
    cookie, *attributes = headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(attributes)
    csrf = csrf_of(desk.request("GET", "/", Cookie=cookie)[2])
    assert desk.request("POST", "/logout", {"csrf": csrf}, Cookie=cookie)[0] == 303
    assert desk.request("GET", "/", Cookie=cookie)[0] == 401
    status, _, html = desk.request("POST", "/login", {"token": "guessed"})
    assert (status, "Nobody has this token." in html) == (401, True)


@pytest.mark.attack("a file of tokens that is not clear", "refused")
@pytest.mark.parametrize(
    "lines", ["", "ann short", GOOD + "\nann " + "b" * 32, GOOD + "\nben " + "a" * 32, "Ann " + "a" * 32, "\xff"]
)
def test_token_file_that_is_not_clear_is_refused(tmp_path: Path, lines: str) -> None:
    create_tokens(tmp_path)
    (tmp_path / TOKENS_FILE).write_text(lines, encoding="latin-1")
    with pytest.raises(StoreError, match="token"):
        load_tokens(tmp_path)


@pytest.mark.attack("a file of tokens that others may read", "refused")
def test_token_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    assert not create_tokens(tmp_path)
    assert create_tokens(tmp_path)
    path = tmp_path / TOKENS_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    ((name, token),) = load_tokens(tmp_path).items()
    assert (reviewer_of({name: token}, f"{token}\n"), reviewer_of({name: token}, token[1:])) == ("reviewer", None)
    path.chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        load_tokens(tmp_path)


@pytest.mark.attack("a review page for the whole network without a file of tokens", "refused")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.2"])  # noqa: S104 - it is refused
def test_door_is_not_opened_wider_without_a_file_that_was_there(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingError, match=re.escape(f"--host {host}")):
        serving.open_door(host, 0, tmp_path)


def test_door_is_opened_wider_where_the_file_was_there(tmp_path: Path) -> None:
    create_tokens(tmp_path)
    with serving.open_door("127.0.0.2", 0, tmp_path) as door:
        (link,) = serving.links(door, "127.0.0.2", tmp_path).values()
        assert link.startswith(f"http://127.0.0.2:{door.getsockname()[1]}/login#")
        with pytest.raises(SettingError, match="cannot listen at"):
            serving.open_door("127.0.0.2", door.getsockname()[1], tmp_path)
