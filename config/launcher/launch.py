"""The order of a start and of an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from config.embedded import EmbeddedError, attach, celery_form, leave
from config.embedded.processes import dies_with_parent
from config.env import ROOT, Environment
from config.launcher import checks, probes
from config.launcher.children import Child, ended
from config.launcher.console import Console
from config.launcher.errors import CannotStart
from config.launcher.payments import sandbox_of
from config.launcher.prepared import is_prepared, remember

READY_TIMEOUT = 240.0
_TRIES_BEFORE_READY = 3


class Launch:
    """One run from start to end, in the main thread."""

    def __init__(self, settings: Environment) -> None:
        self.settings = settings
        self.data_dir = Path(os.path.abspath(settings.cardvault_data_dir))
        # Who asks for a level of logging wants to see the start's lines too.
        self.told_level = "log_level" in settings.model_fields_set
        self.console = Console(holds_back=not self.told_level)
        self.children: list[Child] = []
        self.setup: subprocess.Popen[bytes] | None = None
        self.interrupts = 0
        self.wake = threading.Event()
        self.keeping: threading.Thread | None = None

    def run(self) -> None:
        """Start, announce, watch until a signal, stop. Raises CannotStart, EmbeddedError."""
        self._catch_signals()
        try:
            try:
                self._start()
            except (CannotStart, EmbeddedError):
                self.console.show_held()
                raise
            self._watch()
        finally:
            self._stop()

    # -- start -------------------------------------------------------------
    def _start(self) -> None:
        checks.writable(self.data_dir)
        self.lock = checks.alone(self.data_dir)
        checks.port_free(self.settings.port)
        self._servers()
        self.environment = self._environment()
        prepared = is_prepared(self.data_dir, ROOT, self.database_url, demo=self.settings.cardvault_demo)
        # The sandbox comes first: the demo's trades are paid through it. It and the web server need no tables to start,
        # so they load while the tables are made.
        self._add_sandbox()
        if not prepared:
            self.console.line("cardvault", "preparing the database")
            self.setup = self._spawn_setup()
        self._add_web()
        if not prepared:
            self._finish_setup()
        self._add_worker()
        self._add_beat()
        self._await_ready()

    def _servers(self) -> None:
        """Use the servers that are named; start the embedded ones for what is not."""
        given = self.settings
        if given.database_url:
            checks.database(given.database_url)
        if given.redis_url:
            checks.queue(given.redis_url)
        self.database_url, self.redis_url = given.database_url, given.redis_url
        if not (given.database_url and given.redis_url):
            embedded = attach(self.data_dir)
            self.database_url = given.database_url or embedded.database_url
            self.redis_url = given.redis_url or embedded.redis_url
            self.keeping = threading.Thread(target=self._keep_servers, daemon=True)
            self.keeping.start()

    def _keep_servers(self) -> None:
        """Bring the embedded servers back if their keeper should be killed."""
        said = ""
        while not self.wake.wait(2.0):
            try:
                attach(self.data_dir)
                said = ""
            except EmbeddedError as error:
                if str(error) != said:
                    said = str(error)
                    self.console.line("cardvault", said)

    def _environment(self) -> dict[str, str]:
        """What every child is told. Named servers are not started a second time."""
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "CARDVAULT_DATA_DIR": str(self.data_dir),
            "PORT": str(self.settings.port),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings.development"),
        }

    def _spawn_setup(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.launcher.tied", "config.launcher.prepare"],
            cwd=ROOT,
            env=self.environment | ({} if self.told_level else {"LOG_LEVEL": "WARNING"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        threading.Thread(target=self._repeat_setup, args=(process,), daemon=True).start()
        return process

    def _repeat_setup(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout:
            if text := line.decode(errors="replace").rstrip():
                self.console.line("setup", text)

    def _finish_setup(self) -> None:
        while self.setup.poll() is None:
            self._pause(0.05)
            self._give_up_on_crashes()
        if self.setup.returncode != 0:
            time.sleep(0.2)
            raise CannotStart(f"the database could not be prepared: setup {ended(self.setup.returncode)}, see above.")
        remember(self.data_dir, ROOT, self.database_url, demo=self.settings.cardvault_demo)

    # -- children ----------------------------------------------------------
    def _add(
        self, name: str, command: list[str], ready: Callable[[], bool], *, grace: float, python: Sequence[str] = ()
    ) -> None:
        child = Child(
            name=name,
            command=[sys.executable, *python, "-m", *command],
            environment=self.environment,
            folder=ROOT,
            console=self.console,
            ready=ready,
            grace=grace,
        )
        self.children.append(child)
        child.start()

    def _add_sandbox(self) -> None:
        if self.settings.stripe_secret_key:
            return
        sandbox = sandbox_of(self.data_dir)
        self.environment |= sandbox.environment
        hook = f"http://127.0.0.1:{self.settings.port}/webhooks/stripe/"
        place = ["--port", str(sandbox.port), "--data", str(self.data_dir / "sandbox"), "--webhook-url", hook]
        keys = ["--secret-key", sandbox.secret_key, "--webhook-secret", sandbox.webhook_secret]
        self._add("sandbox", ["apps.escrow.sandbox", *place, *keys], probes.port_answers(sandbox.port), grace=3.0)

    def _add_web(self) -> None:
        port = self.settings.port
        how = ["--host", "127.0.0.1", "--port", str(port), "--lifespan", "off", "--no-server-header", "--no-access-log"]
        calm = ["--log-level", "warning", "--timeout-graceful-shutdown", "5", "--http", "config.draining:Pages"]
        calm += ["--ws", "config.sockets:Sockets"]
        # Longer than a client keeps an idle connection: else a request may meet one that is just being closed.
        calm += ["--timeout-keep-alive", "180"]
        self._add("web", ["uvicorn", "config.asgi:application", *how, *calm], probes.web_answers(port), grace=7.0)

    def _add_worker(self) -> None:
        node = f"cardvault-{os.getpid()}@{os.uname().nodename}"
        processes = str(min(4, max(2, os.cpu_count() or 2)))
        how = ["-Q", "default,feeds,vision,notify", "-n", node, "-c", processes, "-l", self.settings.log_level]
        quick = ["--without-gossip", "--without-mingle"]
        ready = probes.worker_answers(celery_form(self.redis_url), node)
        self._add(
            "worker",
            ["config.launcher.tied", "celery", "--quiet", "-A", "config", "worker", *how, *quick],
            ready,
            grace=10.0,
            # As root Celery warns at length. Here root is whoever started their own machine; elsewhere it still warns.
            python=["-W", "ignore:You're running the worker with superuser"],
        )

    def _add_beat(self) -> None:
        schedule = self.data_dir / "beat-schedule"
        began = time.time() - 1.0
        how = ["-s", str(schedule), "-l", self.settings.log_level, "--pidfile="]
        ready = probes.schedule_written(schedule, lambda: began)
        self._add("beat", ["celery", "--quiet", "-A", "config.schedule", "beat", *how], ready, grace=3.0)

    # -- ready, running, end -----------------------------------------------
    def _await_ready(self) -> None:
        began = time.monotonic()
        while waiting := [child.name for child in self.children if not self._is_ready(child)]:
            waited = time.monotonic() - began
            # A process that cannot answer says why each time it is asked.
            self._pause(0.1 if waited < 15 else 2.0)
            self._give_up_on_crashes()
            if waited > READY_TIMEOUT:
                raise CannotStart(f"not ready after {READY_TIMEOUT:.0f} s: {', '.join(waiting)}; see above.")
        self.console.let_pass()
        self.console.plain(f"CardVault is ready at http://127.0.0.1:{self.settings.port}")
        for account in demo_accounts(self.data_dir):
            self.console.plain("  {role:<12} {email:<32} {password}".format(**account))

    def _is_ready(self, child: Child) -> bool:
        was_ready = child.was_ready
        if child.is_ready() and not was_ready:
            self.console.line(child.name, "ready")
        return child.was_ready

    def _give_up_on_crashes(self) -> None:
        """Before the first readiness a process that keeps crashing will not get better by itself."""
        for child in self.children:
            child.watch()
            if child.failures >= _TRIES_BEFORE_READY:
                raise CannotStart(f"{child.name} does not start: its own words are above.")

    def _watch(self) -> None:
        while True:
            self._pause(0.25)
            for child in self.children:
                child.watch()

    def _stop(self) -> None:
        """Web first, so that nothing new comes in; then beat, worker, sandbox; the servers, where nobody else uses them.

        A second signal kills the processes at once.
        """
        if self.setup and self.setup.poll() is None:
            os.killpg(self.setup.pid, signal.SIGKILL)
            self.setup.wait()
        asked = self.interrupts
        self.interrupts = max(self.interrupts, 1)
        order = ("web", "beat", "worker", "sandbox")
        for child in sorted(self.children, key=lambda child: order.index(child.name)):
            child.stop(at_once=lambda: self.interrupts > max(asked, 1))
        if self.keeping:
            self.wake.set()
            self.keeping.join(timeout=5)
            leave(self.data_dir)

    def _catch_signals(self) -> None:
        def on_signal(number: int, _frame: object) -> None:
            self.interrupts += 1
            self.wake.set()

        # A shell starts its background jobs with SIGINT ignored; whoever sends one all the same means it.
        signal.signal(signal.SIGINT, on_signal)
        signal.signal(signal.SIGTERM, on_signal)
        # nohup has asked for a life beyond the terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, on_signal)

    def _pause(self, seconds: float) -> None:
        """Wait, and leave on a signal."""
        self.wake.wait(seconds)
        if self.interrupts:
            raise Interrupted


class Interrupted(Exception):
    """A signal asked for the end."""


def demo_accounts(data_dir: Path) -> list[dict[str, str]]:
    """Who can sign in, as the demo data left it: role, email and password of each."""
    try:
        accounts = json.loads((data_dir / "demo_accounts.json").read_text())
        return [{key: str(account[key]) for key in ("role", "email", "password")} for account in accounts]
    except (OSError, ValueError, KeyError, TypeError):
        return []
