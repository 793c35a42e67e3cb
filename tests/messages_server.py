"""An HTTP server on loopback that speaks the Messages and Message Batches APIs, so that the real SDK can be used."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

Reply = dict[str, Any] | int
"""A message's parts that differ from a good one's, or an HTTP status."""
NEVER = -1
"""The reply that never comes: the server holds on until whoever asked has gone."""
_QUOTED = re.compile(r"<text (?P<mark>\w+)>\n(?P<text>.*)\n</text (?P=mark)>", re.DOTALL)
_LABEL = re.compile(r"positiv|negativ|neutral", re.IGNORECASE)


def quoted(body: dict[str, Any]) -> str:
    """Give the text that a request asks about."""
    found = _QUOTED.search(body["messages"][0]["content"])
    assert found
    return found["text"]


def says(label: str, confidence: float = 0.9, reason: str = "it says so") -> Reply:
    """Answer with a label."""
    return {"text": json.dumps({"label": label, "confidence": confidence, "reason": reason})}


def honest(body: dict[str, Any]) -> Reply:
    """Tell by a word of the text what it means: `bad` is negative, `fine` neutral, all else positive."""
    text = quoted(body)
    return says("negative" if "bad" in text else "neutral" if "fine" in text else "positive")


def obedient(body: dict[str, Any]) -> Reply:
    """Do whatever the text says: the label that it names last is the answer."""
    named = _LABEL.findall(quoted(body).replace("\u200b", ""))
    if not named:
        return honest(body)
    return says(
        {"p": "positive", "n": "neutral" if named[-1].lower() == "neutral" else "negative"}[named[-1][0].lower()]
    )


class MessagesServer:
    """Answer as told, and count: `calls` holds the bodies that were answered with a message, batches included."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer: Callable[[dict[str, Any]], Reply] = honest
        self.complaint = "told to fail"
        """What it says beside a status."""
        self.calls: list[dict[str, Any]] = []
        self.requests = 0
        self.batches: dict[str, list[dict[str, Any]]] = {}
        self.ended: bool | None = True
        """Whether batches have ended; None where the service fails whoever asks."""
        self._lock = Lock()

    @property
    def env(self) -> dict[str, str]:
        """Give the environment by which the SDK finds this server."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": "sk-not-a-key"}

    @property
    def usd(self) -> float:
        """Count what was charged at the price of Haiku 4.5, batches at half."""
        return sum(len(body["messages"][0]["content"]) * 1e-6 / 4 + 50 * 5e-6 for body in self.calls)

    def message(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer one request."""
        reply = self.answer(body)
        if isinstance(reply, int):
            return reply, {"type": "error", "error": {"type": "api_error", "message": self.complaint}}
        with self._lock:
            self.calls.append(body)
        return 200, {
            "id": f"msg_{len(self.calls)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": reply.get("text", "")}],
            "stop_reason": reply.get("stop_reason", "end_turn"),
            "stop_sequence": None,
            "usage": {"input_tokens": len(body["messages"][0]["content"]) // 4, "output_tokens": 50},
        }

    def batch(self, batch_id: str) -> Any:
        """Describe a batch."""
        number = len(self.batches[batch_id])
        status = "ended" if self.ended else "in_progress"
        counts = {"processing": 0, "succeeded": number, "errored": 0, "canceled": 0, "expired": 0}
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": "2026-06-01T12:00:00Z",
            "expires_at": "2026-06-02T12:00:00Z",
            "ended_at": "2026-06-01T12:30:00Z" if self.ended else None,
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if self.ended else None,
        }

    def results(self, batch_id: str) -> Iterator[Any]:
        """Answer the requests of a batch, the last first: no order is promised."""
        for request in reversed(self.batches[batch_id]):
            status, message = self.message(request["params"])
            good = {"type": "succeeded", "message": message}
            yield {"custom_id": request["custom_id"], "result": good if status == 200 else {"type": "expired"}}


@contextmanager
def messages_server() -> Iterator[MessagesServer]:
    """Serve on a free port of loopback until the end of the block."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    server = httpd.told = MessagesServer(f"http://127.0.0.1:{httpd.server_port}")  # type: ignore[attr-defined]
    thread = Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: the second would wait 40 ms for the client to confirm the first.
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        """Answer a message, or take a batch."""
        told = self._told
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.requests += 1
        if self.path.split("?")[0] == "/v1/messages":
            self._send(*told.message(body))
            return
        batch_id = f"msgbatch_{len(told.batches) + 1}"
        told.batches[batch_id] = body["requests"]
        self._send(200, told.batch(batch_id))

    def do_GET(self) -> None:
        """Tell of batches."""
        told, (*_, last) = self._told, self.path.split("?")[0].split("/")
        if told.ended is None:
            self._send(500, {"type": "error", "error": {"type": "api_error", "message": told.complaint}})
        elif last == "results":
            lines = [json.dumps(result) for result in told.results(self.path.split("/")[-2])]
            self._send_bytes(200, "\n".join(lines).encode(), "application/x-jsonl")
        elif last == "batches":
            batches = [told.batch(batch_id) for batch_id in reversed(told.batches)]
            self._send(200, {"data": batches, "has_more": False, "first_id": None, "last_id": None})
        else:
            self._send(200, told.batch(last))

    @property
    def _told(self) -> MessagesServer:
        server: MessagesServer = self.server.told  # type: ignore[attr-defined]
        return server

    def _send(self, status: int, body: Any) -> None:
        if status == NEVER:
            self.close_connection = True
            self.rfile.read(1)  # Nothing more comes but the end of the connection.
            return
        self._send_bytes(status, json.dumps(body).encode(), "application/json")

    def _send_bytes(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-should-retry", "false" if status == 401 else "true")
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(body)
