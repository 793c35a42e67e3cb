"""The page in a real browser: by keyboard alone, with two people at once, and with texts that pose as markup."""

from collections.abc import Callable
from datetime import UTC, datetime
from re import search
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from tdcrawl.store.engine import Engine, writing
from tdcrawl.store.label_tables import labels
from tdcrawl.store.tables import records
from tdcrawl.store.verify import check_ledger
from tests.reviewing import unnamed

OpenDesk = Callable[..., Any]
OpenPage = Callable[..., Page]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\" autofocus onfocus=alert(3) x='`</p></main>"
    "<form action=//evil.example hx-get=/undo hx-trigger=load>{{ 7 * 7 }} \u202e\u2066 &lt;b&gt; end"
)


def shown(page: Page) -> str:
    """Give the number of the task that a page shows."""
    return page.locator("form[action='/answer'] input[name=task_id]").get_attribute("value") or ""


def press(page: Page, key: str) -> None:
    """Press a key, and wait until the page has the answer."""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.keyboard.press(key)
    expect(page.locator("button:disabled")).to_have_count(0)


def vote(engine: Engine, item_id: str, label: str, reason: str) -> None:
    """Have a model say something about an item."""
    row = {"record_id": item_id, "kind": "vote", "label": label, "source": "model", "version": "m/1", "vote": 1}
    with writing(engine) as connection:
        connection.execute(insert(labels), [row | {"confidence": 0.75, "reason": reason, "at": datetime.now(UTC)}])


def labels_of(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return dict(connection.execute(select(records.c.record_id, records.c.label)).all())


def test_three_tasks_by_keyboard_alone(open_desk: OpenDesk, open_page: OpenPage) -> None:
    items = [unnamed(name) for name in ("one", "two", "three")]
    desk = open_desk(items)
    page = open_page(desk, "ann")
    first = shown(page)
    for key in ("1", "3", "u", "2", "s", "3"):
        press(page, key)
    assert page.locator("h1").inner_text() == "Nothing is left for you"
    said = zip(items, ("negative", "neutral", "positive"), strict=True)
    assert labels_of(desk.queue.engine) == {item.item_id: label for item, label in said}
    assert (first, check_ledger(desk.queue.engine).problems) == ("1", [])
    # Other keys, and keys that mean something to the browser, do nothing.
    for key in ("x", "9", "Control+u"):
        page.keyboard.press(key)
    assert len(labels_of(desk.queue.engine)) == 3


def test_key_pressed_as_soon_as_a_task_is_there_counts(open_desk: OpenDesk, open_page: OpenPage) -> None:
    desk = open_desk([unnamed(name) for name in ("one", "two", "three")])
    page = open_page(desk, "ann")
    # As quick as can be: between the swap and what htmx does afterwards, where a form is still the browser's own.
    page.evaluate("""document.addEventListener("htmx:afterSwap", () => setTimeout(() =>
        document.dispatchEvent(new KeyboardEvent("keydown", {key: "2"}))))""")
    page.keyboard.press("2")
    expect(page.locator("h1")).to_have_text("Nothing is left for you")
    assert page.locator("header nav").count() == 1
    assert page.url == f"http://{desk.host}/"
    assert list(labels_of(desk.queue.engine).values()) == ["neutral"] * 3


def test_two_people_at_once_never_have_the_same_task(open_desk: OpenDesk, open_page: OpenPage) -> None:
    desk = open_desk([unnamed(str(number)) for number in range(8)])
    pages, had = [open_page(desk, name) for name in ("ann", "ben")], set[str]()
    for _ in range(4):
        now = [shown(page) for page in pages]
        assert had.isdisjoint(now)
        assert now[0] != now[1]
        had.update(now)
        for page in pages:
            page.keyboard.press("3")
        for page, was in zip(pages, now, strict=True):
            expect(page.locator(f"[name=task_id][value='{was}']")).to_have_count(0)
    assert len(labels_of(desk.queue.engine)) == 8


@pytest.mark.attack("scripts and markup in every field of a task", "shown, never run", cases=6)
def test_hostile_texts_are_shown_and_do_nothing(open_desk: OpenDesk, open_page: OpenPage) -> None:
    item = unnamed("one", title=HOSTILE, text=f"{HOSTILE} and six more words, so that it counts")
    item.group_key, item.site = HOSTILE, "<script>alert(4)</script>"
    desk = open_desk([item])
    vote(desk.queue.engine, item.item_id, "<img src=x onerror=alert(5)>", HOSTILE)
    page = open_page(desk, "ann")
    text = page.locator(".text").text_content() or ""
    assert (text.count(HOSTILE), page.locator("article bdi").first.text_content()) == (2, HOSTILE)
    press(page, "3")
    assert HOSTILE in (page.locator(".last li").text_content() or "")
    page.goto(f"http://{desk.host}/agreement")
    scripts = page.evaluate("[...document.scripts].map(script => script.getAttribute('src'))")
    assert scripts == []


def test_page_is_blind_until_one_has_answered(open_desk: OpenDesk, open_page: OpenPage) -> None:
    item = unnamed("one")
    desk = open_desk([item], wanted=2)
    vote(desk.queue.engine, item.item_id, "negative", "The lid leaks.")
    cookie = desk.log_in("ben")
    _, _, html = desk.request("GET", "/", Cookie=cookie)
    csrf = search('name="csrf" value="([^"]+)"', html)
    assert csrf
    desk.request("POST", "/answer", {"csrf": csrf[1], "task_id": 1, "label": "negative"}, Cookie=cookie)
    page = open_page(desk, "ann")
    assert "leaks" not in page.content()
    assert "ben" not in page.content()
    press(page, "2")
    said = page.locator(".last").inner_text()
    assert "You said neutral. Others are asked too." in said
    assert "A model said negative, 75% sure: The lid leaks." in said
    assert "ben said negative" in said
    # The third of them is told that it is for them to decide.
    page = open_page(desk, "cat")
    assert "Adjudication Those who answered before have no majority." in page.locator("article").inner_text()
    press(page, "1")
    assert "You said negative, decided is negative. It is a record now." in page.locator(".last").inner_text()


def test_server_that_is_gone_is_told(open_desk: OpenDesk, open_page: OpenPage) -> None:
    desk = open_desk([unnamed("one")])
    page = open_page(desk, "ann")
    with writing(desk.queue.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE review_tasks RENAME TO elsewhere")
    press(page, "1")
    assert page.locator("#trouble").inner_text() == "That was not taken: 503"
    with writing(desk.queue.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO review_tasks")
    press(page, "1")
    assert page.locator("#trouble").is_hidden()
    assert list(labels_of(desk.queue.engine).values()) == ["negative"]
