"""One program is watched from outside: its traces, its reports of errors, its log; and without settings it loads none of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from config.env import ROOT
from tests.config.observing.receiver import Received, Receiver

PRIVATE = ("lovelace", "Main Street", "hunter22", "private-search", "private-browser", "127.0.0.1,")


@dataclass
class Watched:
    """What one run left."""

    received: Received
    lines: list[dict[str, Any]]
    raw_log: str

    def line(self, event: str, **fields: object) -> dict[str, Any]:
        (found,) = [
            each
            for each in self.lines
            if each["event"] == event and all(each.get(name) == value for name, value in fields.items())
        ]
        return found


def run(receiver: Receiver, **settings: str) -> Watched:
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.observing.watched", f"{receiver.address}/outside?key=private-search"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    return Watched(receiver.received, lines, done.stderr)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with Receiver() as receiver:
        yield run(
            receiver,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.address,
            TRACES_SAMPLED="1",
            SENTRY_DSN=receiver.dsn,
            OTEL_SERVICE_NAME="cardvault-test",
        )


# -- traces ------------------------------------------------------------------------
def test_one_trace_goes_from_the_request_through_the_task_to_the_call(watched):
    spans = {span.span_id: span for span in watched.received.spans}
    called = watched.received.asked["/outside?key=private-search"]
    _, trace_id, span_id, _ = called["traceparent"].split("-")
    names, span = [], spans.get(bytes.fromhex(span_id))
    while span is not None:
        assert span.trace_id.hex() == trace_id
        names.append(span.name)
        span = spans.get(span.parent_span_id)
    assert names == [
        "GET",
        "run/tests.config.observing.site.fetch",
        "apply_async/tests.config.observing.site.fetch",
        "GET work/",
    ]
    assert watched.received.services == {"cardvault-test"}


def test_spans_know_the_id_by_which_the_log_is_searched(watched):
    found = {
        span.name
        for span in watched.received.spans
        for each in span.attributes
        if (each.key, each.value.string_value) == ("cardvault.request_id", "request-of-work")
    }
    assert found == {"GET work/", "run/tests.config.observing.site.fetch"}


# -- reports -----------------------------------------------------------------------
def test_what_breaks_in_a_page_or_a_task_is_reported_once(watched):
    found = sorted(
        (report["exception"]["values"][-1]["type"], report["transaction"]) for report in watched.received.reports
    )
    assert found == [
        ("RuntimeError", "tests.config.observing.site.fail"),
        ("ValueError", "tests.config.observing.site.broken"),
    ]


def test_a_report_says_where_it_broke_and_which_request_it_was(watched):
    (report,) = [each for each in watched.received.reports if each["transaction"].endswith("fail")]
    frames = report["exception"]["values"][-1]["stacktrace"]["frames"]
    assert (frames[-1]["function"], frames[-1]["module"]) == ("fail", "tests.config.observing.site")
    assert report["tags"]["request_id"] == "request-of-hurt"
    assert report["tags"]["task"] == "tests.config.observing.site.fail"


# -- logs --------------------------------------------------------------------------
def test_every_line_is_json_and_a_task_carries_the_id_of_its_request(watched):
    finished = watched.line("task.finished", task="tests.config.observing.site.fetch")
    assert (finished["request_id"], finished["outcome"]) == ("request-of-work", "success")
    assert finished["task_id"] != "request-of-work"
    failed = watched.line("task.finished", task="tests.config.observing.site.fail")
    assert (failed["request_id"], failed["outcome"]) == ("request-of-hurt", "failure")
    assert watched.line("request.finished", route="broken")["status"] == 500


# -- what nobody should see ----------------------------------------------------------
def test_neither_traces_nor_reports_nor_logs_tell_of_anybody(watched):
    assert len(watched.received.raw) >= 3
    told = b"\n".join(watched.received.raw).decode(errors="replace") + watched.raw_log
    # the lines of our own that a traceback quotes are no values
    told = (
        told.replace('person = "12 Main Street"', "").replace("raise RuntimeError", "").replace("raise ValueError", "")
    )
    for line in ("no account of ada.lovelace@example.com", "token=hunter22hunter22"):
        told = told.replace(f'("{line}', "").replace(f'\\"{line}', "")
    assert [word for word in PRIVATE if word in told] == []


def test_what_is_not_configured_is_not_even_loaded():
    script = (
        "import sys, config.asgi, config.celery\n"
        "print(sorted({name.split('.')[0] for name, module in sys.modules.items() if module}"
        " & {'opentelemetry', 'sentry_sdk'}))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
