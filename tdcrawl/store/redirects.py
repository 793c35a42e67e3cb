"""Pages that lead to others: a page is read once, whichever address led to it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from tdcrawl.outcomes import PageReason, PageState
from tdcrawl.store.look_up import among, look_up
from tdcrawl.store.rows import PageRequest, Run, addresses, page_row
from tdcrawl.store.tables import pages
from tdcrawl.store.tombstones import erased_urls

KNOWN_PAGES = select(pages.c.page_id).where(among(pages.c.page_id))


@dataclass(frozen=True, slots=True)
class Redirect:
    """Say that the page at `origin` redirects to another."""

    run: Run
    origin: str
    target: PageRequest


class ErasedError(Exception):
    """Say that a page leads to one that was erased."""


def redirect(connection: Connection, wanted: list[Redirect]) -> list[bool | ErasedError]:
    """Note the pages that others lead to, so that no link to them is followed; says for each whether it is new.

    The answer is an ErasedError for one that was erased.
    """
    gone = erased_urls(connection, [url for each in wanted for url in addresses(each.target)])
    known = {page_id for (page_id,) in look_up(connection, KNOWN_PAGES, [each.target.page_id for each in wanted])}
    now = datetime.now(UTC)
    answers: list[bool | ErasedError] = []
    for each in wanted:
        is_new = each.target.page_id not in known
        is_gone = not gone.isdisjoint(addresses(each.target))
        answers.append(ErasedError("it redirects to a page that was erased") if is_gone else is_new)
        if is_new and not is_gone:
            known.add(each.target.page_id)
            end = {"state": PageState.SKIPPED, "reason": PageReason.SAME_PAGE, "finished_at": now}
            detail = f"{each.origin} redirects to it, and was read as it"
            connection.execute(insert(pages).values(page_row(each.target, each.run, now, 0) | end | {"detail": detail}))
    return answers
