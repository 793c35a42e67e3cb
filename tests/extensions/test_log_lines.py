"""No line of the log tells a secret, and no traceback quotes a person."""

import io
import logging
import sys

import pytest

from tdcrawl.extensions.log_lines import JsonLines, RedactedRecord
from tdcrawl.redaction import redact

SESAME = "sesame/öffne dich"


def test_record_hides_a_secret_when_it_is_an_argument_or_in_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_spellings", set())
    redact.hide([SESAME])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    try:
        int(SESAME)
    except ValueError:
        handler.handle(RedactedRecord("any", logging.ERROR, __file__, 1, "It broke: %s", (SESAME,), sys.exc_info()))
    monkeypatch.undo()
    redact.hide([])
    assert SESAME not in stream.getvalue()
    assert stream.getvalue().startswith("It broke: ***\nTraceback")
    assert stream.getvalue().endswith("with base 10: '***'\n")


@pytest.mark.attack("an error of a stage or callback that quotes a person", "masked in its traceback")
@pytest.mark.parametrize("formatter", [logging.Formatter(), JsonLines(None, None)])
def test_record_hides_a_person_in_a_traceback(formatter: logging.Formatter) -> None:
    try:
        int("write to ada@shop.example")
    except ValueError:
        record = RedactedRecord("any", logging.ERROR, __file__, 1, "It broke", (), sys.exc_info())
    told = formatter.format(record)
    assert "ada" not in told
    assert "'write to [email]'" in told
