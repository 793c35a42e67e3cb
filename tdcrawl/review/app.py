"""The review page: it shows one task after the other and takes answers, from people who are logged in."""

from collections.abc import Collection, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from tdcrawl.errors import ReviewError, StoreError
from tdcrawl.labeling.agreement import agreement
from tdcrawl.review import pages
from tdcrawl.review.guard import COOKIE, LoggedIn, OwnForm, Session, Sessions, guarded, own_form
from tdcrawl.review.queue import Queue
from tdcrawl.review.tokens import load_tokens, reviewer_of
from tdcrawl.store.engine import reachable, reading
from tdcrawl.store.review_figures import all_answered

_TYPES = {"js": "text/javascript", "css": "text/css"}
_MOST_BYTES = 16_384
"""No form of ours is larger."""
_STATIC = {
    file.name: file.read_bytes()
    for file in resources.files(__package__).joinpath("static").iterdir()
    if file.name.rpartition(".")[2] in _TYPES
}


def _database() -> Iterator[None]:
    with reachable():
        yield


router = APIRouter(dependencies=[Depends(_database)])


def build(queue: Queue, data_dir: Path, hosts: Collection[str]) -> FastAPI:
    """Build the application, which answers under these names of its host only."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, max_body_size=_MOST_BYTES)
    app.state.queue, app.state.data_dir, app.state.sessions = queue, data_dir, Sessions()
    app.include_router(router)
    app.add_exception_handler(401, _ask_to_log_in)
    app.add_exception_handler(StoreError, _unavailable)
    app.middleware("http")(guarded)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    return app


@router.get("/")
def show(request: Request, session: LoggedIn) -> HTMLResponse:
    """Show a person their task."""
    return _work(request, session)


@router.post("/answer")
def take_answer(
    request: Request, session: OwnForm, task_id: Annotated[int, Form()], label: Annotated[str, Form()]
) -> HTMLResponse:
    """Take an answer, and show the next task."""
    queue = _queue(request)
    try:
        task = queue.answer(session.reviewer, task_id, label)
    except ReviewError as refusal:
        return _work(request, session, refusal=str(refusal))
    return _work(request, session, answered=pages.answered_values(queue, task, session.reviewer))


@router.post("/skip")
def skip(request: Request, session: OwnForm, task_id: Annotated[int, Form()]) -> HTMLResponse:
    """Let a task go, and show the next one."""
    _queue(request).skip(session.reviewer, task_id)
    return _work(request, session, notice="Skipped: it comes again at the end.")


@router.post("/undo")
def undo(request: Request, session: OwnForm) -> HTMLResponse:
    """Take the last answer back, and show its task again."""
    try:
        _queue(request).undo(session.reviewer)
    except ReviewError as refusal:
        return _work(request, session, refusal=str(refusal))
    return _work(request, session, notice="Taken back: answer it again.")


@router.get("/agreement")
def show_agreement(request: Request, session: LoggedIn) -> HTMLResponse:
    """Show how far people agree."""
    with reading(_queue(request).engine) as connection:
        told = agreement(all_answered(connection))
    return HTMLResponse(pages.render("agreement.html", session=session, **told))


@router.get("/login")
def ask_to_log_in() -> HTMLResponse:
    """Ask for a token; a link carries it behind a #, which browsers keep to themselves."""
    return HTMLResponse(pages.render("login.html", notice=""))


@router.post("/login")
def log_in(request: Request, token: Annotated[str, Form()] = "") -> Response:
    """Log in whoever has a token, as the file says now."""
    reviewer = reviewer_of(load_tokens(request.app.state.data_dir), token)
    if reviewer is None:
        raise HTTPException(401, "Nobody has this token.")
    response = RedirectResponse("/", 303)
    sessions: Sessions = request.app.state.sessions
    response.set_cookie(COOKIE, sessions.begin(reviewer), httponly=True, samesite="strict")
    return response


@router.post("/logout", dependencies=[Depends(own_form)])
def log_out(request: Request) -> Response:
    """Log out; what was before this person stays theirs until its lease is over."""
    sessions: Sessions = request.app.state.sessions
    sessions.end(request.cookies[COOKIE])
    return RedirectResponse("/login", 303)


@router.get("/static/{name}")
def show_static(name: str) -> Response:
    """Give a script or a style sheet of ours: the same for all, so that the login has them too."""
    if name not in _STATIC:
        raise HTTPException(404)
    return Response(_STATIC[name], media_type=_TYPES[name.rpartition(".")[2]])


def _queue(request: Request) -> Queue:
    queue: Queue = request.app.state.queue
    return queue


def _work(
    request: Request,
    session: Session,
    *,
    notice: str = "",
    refusal: str = "",
    answered: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Give the next task: alone where the page asks for it, else as a page of its own."""
    template = "work.html" if "hx-request" in request.headers else "page.html"
    told = {"session": session, "notice": notice, "refusal": refusal, "answered": answered}
    return HTMLResponse(pages.render(template, **told, **pages.task_values(_queue(request), session.reviewer)))


def _ask_to_log_in(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPException)
    return HTMLResponse(pages.render("login.html", notice=refusal.detail), 401)


def _unavailable(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 503)
