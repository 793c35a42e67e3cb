"""WHAT IS IT CALLED? The one door to Anthropic: one call, one vote."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from tdcrawl.errors import SettingError
from tdcrawl.labeling.answer import answer_form, read_answer
from tdcrawl.redaction import redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from anthropic import AsyncAnthropic
    from anthropic.types import Message

    from tdcrawl.labeling.money import Price
    from tdcrawl.labeling.prompt import Prompt
    from tdcrawl.store.votes import Vote

KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
"""Where the SDK finds a key: one of them is enough."""
MOST_OUTPUT_TOKENS = 300
_OVERHEAD_TOKENS = 600
"""What a call takes beside its texts, at most: the form of the answer, and how messages are wrapped."""


class UnavailableError(Exception):
    """Say that the service gives no votes now: nothing was learnt of the text. `for_good`: nor will it in this run."""

    def __init__(self, detail: str, *, for_good: bool) -> None:
        super().__init__(detail)
        self.for_good = for_good


@dataclass(frozen=True)
class Model:
    """Ask one model; the SDK reads ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL, and retries what is worth it."""

    name: str
    price: Price
    client: AsyncAnthropic

    @classmethod
    def open(cls, name: str, price: Price, seconds: float) -> Model:
        """Open the way to a model, whose calls may take so long; raises SettingError where no key is set."""
        from anthropic import AnthropicError, AsyncAnthropic  # noqa: PLC0415 - takes seconds, which only labelling needs

        what = "labels cannot be asked for without a key: set ANTHROPIC_API_KEY, or unset TDCRAWL_LABEL_BUDGET_USD"
        try:
            client = AsyncAnthropic(timeout=seconds)
        except AnthropicError as error:
            raise SettingError(f"{what} ({error})") from error
        if not (client.api_key or client.auth_token):
            raise SettingError(what)
        return cls(name, price, client)

    def most(self, prompt: Prompt, *, batch: bool = False) -> int:
        """Give what a call may cost at most, in nanodollars: no token is shorter than a byte."""
        length = len(prompt.system.encode()) + len(prompt.message.encode()) + _OVERHEAD_TOKENS
        return self.price.of(length, MOST_OUTPUT_TOKENS, batch=batch)

    def request(self, prompt: Prompt) -> Any:
        """Give the body of a call. No tools are offered, so none can be talked into use."""
        return {
            "model": self.name,
            "max_tokens": MOST_OUTPUT_TOKENS,
            "system": prompt.system,
            "messages": [{"role": "user", "content": prompt.message}],
            "output_config": answer_form(prompt.labels),
        }

    async def ask(self, prompt: Prompt) -> Vote:
        """Ask for a vote; what the model cannot answer is a failed one. Raises UnavailableError."""
        began = monotonic()
        with _available():
            message = await self.client.messages.create(**self.request(prompt))
        return replace(self.read(message, prompt), milliseconds=round(1000 * (monotonic() - began)))

    def read(self, message: Message, prompt: Prompt, *, batch: bool = False) -> Vote:
        """Turn a message into a vote, with what it cost."""
        text = "".join(block.text for block in message.content if block.type == "text")
        used = message.usage
        taken = used.input_tokens + (used.cache_creation_input_tokens or 0) + (used.cache_read_input_tokens or 0)
        return replace(
            read_answer(text, message.stop_reason, prompt),
            input_tokens=taken,
            output_tokens=used.output_tokens,
            nanodollars=self.price.of(taken, used.output_tokens, batch=batch),
            answer=text,
        )

    async def submit(self, requests: Any) -> str:
        """Submit requests (custom_id, params) as a batch; gives its id. Raises UnavailableError."""
        with _available():
            return (await self.client.messages.batches.create(requests=requests)).id

    async def has_ended(self, batch_id: str) -> bool:
        """Say whether the results of a batch are there; raises UnavailableError."""
        with _available():
            return (await self.client.messages.batches.retrieve(batch_id)).processing_status == "ended"

    async def results(self, batch_id: str) -> AsyncIterator[tuple[str, Message | None]]:
        """Stream the results of a batch in no order: custom id, and message if the request succeeded.

        Raises UnavailableError.
        """
        with _available():
            async for result in await self.client.messages.batches.results(batch_id):
                yield result.custom_id, result.result.message if result.result.type == "succeeded" else None

    async def first_result(self, batch_id: str) -> str:
        """Give the custom id of a result of a batch that has ended; empty where it has none."""
        async for custom_id, _ in self.results(batch_id):
            return custom_id
        return ""

    async def batches(self) -> AsyncIterator[tuple[str, bool]]:
        """Stream the batches that the service knows, the newest first: id, and whether it has ended.

        Raises UnavailableError.
        """
        with _available():
            async for batch in self.client.messages.batches.list(limit=100):
                yield batch.id, batch.processing_status == "ended"

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


@contextmanager
def _available() -> Iterator[None]:
    """Turn what keeps the service from answering into UnavailableError; a key or name it refuses is for good."""
    import anthropic  # noqa: PLC0415 - see `open`

    try:
        yield
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError, anthropic.NotFoundError) as error:
        raise UnavailableError(_told(error), for_good=True) from error
    except anthropic.APIError as error:
        raise UnavailableError(_told(error), for_good=False) from error


def _told(error: Exception) -> str:
    # A service may quote the key that it refuses.
    return f"{type(error).__name__}: {redact(str(error))[:300]}"
