"""Who may ask the review page for anything: those who are logged in, from the page itself, under its own name."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response

COOKIE = "tdcrawl_review"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # With no referrer at all, browsers would not say either which page a form was sent from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_READS = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Session:
    """Hold who is logged in, and what their forms carry to show that they are theirs."""

    reviewer: str
    csrf: str = field(default_factory=secrets.token_urlsafe)


@dataclass
class Sessions:
    """Hold who is logged in, for as long as this process lives; a cookie holds nothing but a random name of it."""

    _by_cookie: dict[str, Session] = field(default_factory=dict)

    def begin(self, reviewer: str) -> str:
        """Log a person in; returns the value of their cookie."""
        cookie = secrets.token_urlsafe()
        self._by_cookie[cookie] = Session(reviewer)
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Say who is logged in with a cookie."""
        return self._by_cookie.get(cookie)

    def end(self, cookie: str) -> None:
        """Log a person out."""
        self._by_cookie.pop(cookie, None)


def logged_in(request: Request) -> Session:
    """Say who asks; raises HTTPException (401) where they are not logged in."""
    sessions: Sessions = request.app.state.sessions
    session = sessions.find(request.cookies.get(COOKIE, ""))
    if session is None:
        raise HTTPException(401, "Log in first.")
    return session


LoggedIn = Annotated[Session, Depends(logged_in)]


def own_form(session: LoggedIn, csrf: Annotated[str, Form()] = "") -> Session:
    """Say who sends a form; raises HTTPException (403) where it was not made for them."""
    if not compare_digest(session.csrf.encode(), csrf.encode()):
        raise HTTPException(403, "This form is not from this page. Load it again.")
    return session


OwnForm = Annotated[Session, Depends(own_form)]


async def guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse what other sites have a browser send, and tell browsers what our pages may do."""
    response = _refusal(request) or await answer(request)
    response.headers.update(_HEADERS)
    return response


def _refusal(request: Request) -> Response | None:
    own = urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")
    return None if own or request.method in _READS else PlainTextResponse("This was not sent from our page.", 403)
