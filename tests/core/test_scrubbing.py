"""What slips into logs and reports by accident does not leave the process."""

import re
from pathlib import Path

import pytest

from apps.core.scrubbing import PRIVATE_FIELDS, scrubbed, scrubbed_text
from config.env import ROOT


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("no account of ada.lovelace+cards@example.co.uk here", "lovelace"),
        ("GET /unsubscribe/?to=ada%40example.com", "ada"),
        (
            'duplicate key value violates "user_email"\nDETAIL:  Key (email)=(ada, 12 Main Street) already exists.',
            "Main Street",
        ),
        ("Failing row\nDETAIL: Failing row contains (7, Ada, Lovelace).\nCONTEXT: COPY x, line 3: Ada", "Ada"),
        (
            "1 validation error [type=string_type, input_value='12 Main Street', input_type=str]",
            "Main Street",
        ),
        ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("given eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJ"),
        ("used tk_0123456789abcdef", "0123456789abcdef"),
        ("used sk_test_0123456789", "0123456789"),
        ("connecting to postgresql://cards:hunter22@db/cards", "hunter22"),
        ("{'password': 'hunter22', 'next': '/'}", "hunter22"),
        ("?token=hunter22&next=/", "hunter22"),
    ],
)
def test_text_loses_secrets_and_who_somebody_is(text, private):
    assert private in text
    assert private not in scrubbed_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "hold 0190b2f4-7a3c-7d43-9a51-0a1b2c3d4e5f moved to funded",
        "the price of Charizard @ 12.99 rose",
        "connection to server at 10.0.0.3, port 5432 failed",
        "no such key: refresh_token_reused",
    ],
)
def test_what_an_operator_needs_stays(text):
    assert scrubbed_text(text) == text


def test_fields_of_private_names_lose_their_value_however_deep():
    told = scrubbed({"event": "x", "user": {"Email": "ada", "id": 7}, "lines": [{"street": "Main"}], "phone": ""})
    assert told == {
        "event": "x", "user": {"Email": "[removed]", "id": 7}, "lines": [{"street": "[removed]"}], "phone": "",
    }  # fmt: skip


def calls() -> list[tuple[Path, str]]:
    """Every line of the program that writes a log, with its file."""
    pattern = re.compile(r"\blog\.(?:debug|info|warning|error|exception)\((.*?)\)\n", re.DOTALL)
    files = [*(ROOT / "apps").rglob("*.py"), *(ROOT / "config").rglob("*.py")]
    return [(path, found) for path in files for found in pattern.findall(path.read_text())]


def test_no_line_of_the_program_writes_a_private_field():
    assert len(calls()) > 80
    written = [
        (path.name, name)
        for path, found in calls()
        for name in re.findall(r"\b(\w+)=", found)
        if name in PRIVATE_FIELDS
    ]
    assert written == []
