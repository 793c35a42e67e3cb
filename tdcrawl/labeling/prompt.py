"""WHAT IS IT CALLED? How a model is asked: a text quoted under a random mark, and the labels to choose from."""

import hashlib
import secrets
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tdcrawl.records.base import Record, RecordType, digest
from tdcrawl.records.naming import Question

_WORDINGS = tomllib.loads(resources.files(__package__).joinpath("wordings.toml").read_text("utf-8"))
_VERSION_DIGITS = 8
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class Prompt:
    """Hold what one vote is asked: the two texts, the labels in their order, and the mark around the text."""

    system: str
    message: str
    labels: tuple[str, ...]
    mark: str


def question_of(record_type: RecordType) -> Question:
    """Give the question of a type; raises ValueError where its rule names every record."""
    if record_type.question is None:
        raise ValueError(f"the rule of a {record_type.name} never abstains: there is no question to ask")
    return record_type.question


def wording_of(record_type: RecordType) -> str:
    """Name the wording of a type's question: the same name for the same words, another for any other."""
    question = question_of(record_type)
    return f"{record_type.name}-{_digest(question.ask, *(part for pair in question.meanings.items() for part in pair))}"


@cache
def _digest(*words: str) -> str:
    return digest(*map(str, _WORDINGS.values()), *words)[:_VERSION_DIGITS]


def version_of(record_type: RecordType, model: str) -> str:
    """Name who is asked, and how: what stands with every label that comes of it."""
    return f"{model}/{wording_of(record_type)}"


def shown_text(record_type: RecordType, record: Record) -> str:
    """Give what is shown of a record, to models and to people: its fields, a line between them."""
    fields = (getattr(record, name) for name in question_of(record_type).shown)
    return "\n\n".join(field for field in fields if field)


def text_hash(text: str) -> str:
    """Give the SHA-256 of what is shown."""
    return hashlib.sha256(text.encode()).hexdigest()


def prompt_for(question: Question, text: str, vote: int) -> Prompt:
    """Write the prompt of a vote, counted from 1; the mark is random, so that no text can end its own quotation."""
    labels = list(question.meanings)
    first = (vote - 1) % len(labels)
    ordered = labels[first:] + labels[:first]
    mark = secrets.token_hex(_MARK_BYTES)
    wordings = _WORDINGS["ask"]
    asked = wordings[(vote - 1) % len(wordings)].format(question=question.ask)
    meanings = "\n".join(f"- {label}: it {question.meanings[label]}" for label in ordered)
    quoted = f"<text {mark}>\n{text}\n</text {mark}>"
    return Prompt(_WORDINGS["system"], f"{asked}\n\n{meanings}\n\n{quoted}\n\n{asked}", tuple(ordered), mark)
