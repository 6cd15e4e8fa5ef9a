"""How long 100,000 notifications take through preferences and digests, against plain INSERTs of the same rows; and whether each
arrives exactly once while workers are killed.

Ours reads every member's choices, renders words, decides on channels and instants, and writes notifications and their ways out,
10,000 facts at a time, as the relay hands them over. The baseline inserts the very same rows, already worked out, by the same
kind of statement. Then real worker processes send the mails to a mail server in this process, one of them killed (SIGKILL) each
second in which they sent; each mail is counted there by its Message-ID, each notification by the link to it.

    python -m tests.benchmarks.bench_notifications [NOTIFICATIONS MEMBERS]
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from tests.benchmarks.members import make_members
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (40, 8, 0), Size.USUAL: (100_000, 5_000, 2)}
"""Notifications, members, and the worker processes that send; without any, this process sends and nobody is killed."""
A_SET = 10_000
KILL_EVERY, MOST_SECONDS = 1.0, 900.0
_KINDS = ("trade.message", "watched.changed", "swap.shipped", "want.found", "sale.paid")
_LINK = re.compile(rb"/notifications/([0-9a-f-]{36})/")
_WORKER = """
import os, django
django.setup()
from django.conf import settings
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", int(os.environ["BENCH_MAIL_PORT"]), False
settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
import datetime as dt
from apps.notifications.mail import sending
sending.LEASE = dt.timedelta(seconds=6)
while True:
    sending.send_due(seconds=3)
"""
# A twentieth wants everything at once, nearly a half daily, the rest has the defaults (mostly hourly); a tenth has quiet
# hours, a twentieth a pause.
_WORLD = """
create table bench_member as select id, row_number() over (order by id) - 1 as n from accounts_user;
insert into notifications_preference (owner_id, kind, in_app, email, push)
select m.id, k, true, case when m.n %% 20 = 0 then 'now' else 'daily' end, false
from bench_member m, unnest(%(kinds)s::text[]) k where m.n %% 4 < 2;
insert into notifications_manner (owner_id, time_zone, language, quiet_from, quiet_until, digest_at, is_paused)
select id, case when n %% 2 = 0 then 'Europe/Berlin' else 'America/New_York' end, 'en',
    case when n %% 10 = 0 then time '22:00' end, case when n %% 10 = 0 then time '07:00' end, 8, n %% 20 = 1
from bench_member where n %% 3 = 0 or n %% 10 = 0 or n %% 20 = 1;
analyze accounts_user; analyze notifications_preference; analyze notifications_manner;
"""


def facts(count: int, members: list[Any]) -> list[Any]:
    """What is to be told: kinds and members take turns."""
    from apps.notifications.telling import Told

    return [
        Told(
            _KINDS[number // len(members) % len(_KINDS)], members[number % len(members)], f"bench:{number}",
            f"trade:{number % 997}", "/trades/",
            {"author": "Ada", "buyer": "Ada", "goods": f"Ember drake {number}", "partner": "Ada",
             "total": "$12.00", "message": "Is it centred?",
             "words": f"Ember drake {number} NM fell by 10 %, from $15.00 to $13.50."},
        )
        for number in range(count)
    ]  # fmt: skip


def told(news: list[Any]) -> float:
    """Seconds to tell all of them."""
    from apps.notifications.telling import tell

    began = time.perf_counter()
    for start in range(0, len(news), A_SET):
        tell(news[start : start + A_SET])
    return time.perf_counter() - began


_COLUMNS = {
    "notifications_notification": [
        "id", "created_at", "owner_id", "kind", "priority", '"group"', "cause", "title", "body", "action", "url", "facts",
        "is_shown",
    ],
    "notifications_dispatch": [
        "notification_id", "owner_id", "channel", "cadence", "due_at", "state", "attempts", "last_error"
    ],
}  # fmt: skip


def inserted() -> float:
    """Seconds of plain INSERTs of the rows that `told` has made, after they are gone: many at a time, with their indexes."""
    from django.db import connection, transaction

    kept = {}
    with connection.cursor() as cursor:
        for table, columns in _COLUMNS.items():
            cursor.execute(f"select {', '.join(columns)} from {table}")
            kept[table] = cursor.fetchall()
        cursor.execute("truncate notifications_notification cascade")
    from psycopg.types.json import Jsonb

    kept["notifications_notification"] = [
        tuple(Jsonb(json.loads(value)) if isinstance(value, str) and column == "facts" else value
              for column, value in zip(_COLUMNS["notifications_notification"], row, strict=True))
        for row in kept["notifications_notification"]
    ]  # fmt: skip
    began = time.perf_counter()
    for table, columns in _COLUMNS.items():
        for start in range(0, len(kept[table]), 2000):
            rows = kept[table][start : start + 2000]
            places = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(rows))
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"insert into {table} ({', '.join(columns)}) values {places}",
                    [value for row in rows for value in row],
                )
    return time.perf_counter() - began


class MailServer:
    """Counts what arrives: mails by Message-ID, notifications by the link to them."""

    def __init__(self) -> None:
        self.mails: Counter[bytes] = Counter()
        self.notifications: Counter[bytes] = Counter()

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        """Take one."""
        content: bytes = envelope.content
        message_id = re.search(rb"Message-ID: (<[^>]+>)", content, re.IGNORECASE)
        known = message_id[1] if message_id else b""
        if known not in self.mails:
            text = content.split(b"text/html")[0].replace(b"=\r\n", b"")
            self.notifications.update(set(_LINK.findall(text)))
        self.mails[known] += 1
        return "250 taken"


def sent_here(port: int) -> None:
    """By this process, until nothing is due."""
    from django.test import override_settings

    from apps.notifications.mail import sending

    smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1"}
    with override_settings(**smtp, EMAIL_PORT=port, EMAIL_USE_TLS=False, EMAIL_HOST_USER="", EMAIL_HOST_PASSWORD=""):
        sending.send_due()


def sent(wanted: int, workers_wanted: int) -> dict[str, Any]:
    """Send everything with workers of which one is killed every second; what arrived and how often."""
    from aiosmtpd.controller import Controller
    from django.db.models import Count

    from apps.notifications.models import Dispatch, Mail

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    environment = os.environ | {"BENCH_MAIL_PORT": str(port)}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", _WORKER], env=environment)

    Dispatch.objects.filter(channel="email").update(due_at=dt.datetime.now(dt.UTC))
    began, killed, workers = time.perf_counter(), 0, [start() for _ in range(workers_wanted)]
    before_the_last = 0  # mails that had come when a worker was killed last
    try:
        if not workers:
            sent_here(port)
        while workers and time.perf_counter() - began < MOST_SECONDS:
            time.sleep(KILL_EVERY)
            left = Dispatch.objects.filter(channel="email", state="waiting").count()
            if not left:
                break
            # The first seconds of a worker are its start: one is killed while it sends, else nothing would be tested.
            if len(server.mails) > before_the_last + 200:
                before_the_last = len(server.mails)
                victim = workers.pop(0)
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                workers.append(start())
                killed += 1
    finally:
        seconds = time.perf_counter() - began
        for worker in workers:
            worker.kill()
            worker.wait()
        controller.stop()
    states = dict(Mail.objects.values_list("state").annotate(Count("pk")))
    return {
        "seconds with workers starting anew": seconds,
        "workers killed": killed,
        "mails": len(server.mails),
        "mails/s": len(server.mails) / seconds,
        "mails that arrived twice (same Message-ID)": sum(count - 1 for count in server.mails.values()),
        "mails by state": states,
        "notifications by e-mail": wanted,
        "still waiting": Dispatch.objects.filter(channel="email", state="waiting").count(),
        "notifications that a first arrival of a mail told": len(server.notifications),
        "notifications in more than one mail": sum(count > 1 for count in server.notifications.values()),
    }


def measured(count: int, members: int, workers: int) -> dict[str, Any]:
    """Everything, on an empty database."""
    from django.db import connection

    from apps.notifications.models import Dispatch, Notification

    with connection.cursor() as cursor:
        make_members(members)
        cursor.execute(_WORLD, {"kinds": list(_KINDS)})
        cursor.execute("select id from bench_member order by n")
        owners = [pk for (pk,) in cursor.fetchall()]
    news = facts(count, owners)
    ours = told(news)
    again = told(news)
    assert Notification.objects.count() == count, "a replay told something twice"
    by_mail = Dispatch.objects.filter(channel="email").count()
    plain = inserted()
    figures: dict[str, Any] = {
        "notifications": count, "members": members, "ways out by e-mail": by_mail,
        "through preferences": {
            "seconds": ours, "notifications/s": count / ours, "baseline seconds (plain INSERT of the same rows)": plain,
            "ratio of plain INSERT to its seconds": plain / ours, "seconds of the same again (nothing is told)": again,
        },
    }  # fmt: skip
    figures["by e-mail with workers killed"] = sent(by_mail, workers)
    return figures


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Start a server, migrate, measure, print; returns the figures by name."""
    with scratch():
        figures = measured(*of(SIZES, size))
    print(json.dumps(figures, indent=1, default=str))
    return figures


if __name__ == "__main__":
    run()
