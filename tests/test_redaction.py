"""Secrets: which values are some, and however they are spelled they are hidden."""

import pytest

from tdcrawl.redaction import _Redactor, secrets_among

SESAME = "sesame/öffne dich"


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("ANTHROPIC_API_KEY", "sk-open", ["sk-open"]),
        ("PGPASSWORD", "sesame", ["sesame"]),
        ("SERVICE_TOKEN_FILE", "/run/token", ["/run/token"]),
        ("TDCRAWL_DATABASE_URL", "postgresql://me:se%40same@db.example/x", ["se%40same"]),
        ("HTTPS_PROXY", "http://me:p@ss@proxy.example:3128", ["p@ss"]),
        ("TOKENIZERS_PARALLELISM", "false", []),
        ("KEYBOARD", "german", []),
        ("PWD", "/srv", []),
        ("AWS_SECRET_ACCESS_KEY", None, []),
    ],
)
def test_secrets_among_values(name: str, value: str | None, found: list[str]) -> None:
    assert list(secrets_among({name: value})) == found


@pytest.mark.attack("a secret in a text that is logged", "hidden")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("it is sesame/öffne dich!", "it is ***!"),
        ("?key=sesame%2F%C3%B6ffne%20dich&x", "?key=***&x"),
        (
            "<GET http://jo:pa@ss@shop.example/a@b> from //x.example",
            "<GET http://***@shop.example/a@b> from //x.example",
        ),
        ("https://shop.example/@jo", "https://shop.example/@jo"),
    ],
)
def test_redact_when_a_text_holds_secrets(said: str, told: str) -> None:
    redactor = _Redactor()
    redactor.hide([SESAME])
    assert redactor(said) == told


def test_redact_when_one_secret_begins_with_another() -> None:
    redactor = _Redactor()
    redactor.hide(["sesame"])
    redactor.hide(["sesame-open", "short", ""])
    assert redactor("sesame-open sesame short") == "*** *** short"
