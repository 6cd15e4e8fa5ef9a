"""Two web processes on one listening socket, replaced one after the other under load; what every client met."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import websockets

from config.env import ROOT

_READY = "Uvicorn running on"


class Pair:
    """Processes that share a socket, as systemd's socket activation or a deploy tool hands it over."""

    def __init__(self, application: str, folder: Path, environment: Mapping[str, str], *, grace: int = 5) -> None:
        self.application, self.folder, self.grace = application, folder, grace
        self.environment = {**os.environ, **environment}
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(512)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.started = 0
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """One more process; returns when it serves."""
        self.started += 1
        said = self.folder / f"web-{self.started}.log"
        how = [
            "--fd",
            str(self.socket.fileno()),
            "--lifespan",
            "off",
            "--no-access-log",
            "--ws",
            "config.sockets:Sockets",
        ]
        calm = ["--http", "config.draining:Pages", "--timeout-graceful-shutdown", str(self.grace)]
        with said.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", self.application, *how, *calm],
                cwd=ROOT, env=self.environment, pass_fds=[self.socket.fileno()], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.processes.append(process)
        deadline = time.monotonic() + 300
        while _READY not in said.read_text():
            assert process.poll() is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.05)

    def replace(self) -> None:
        """A new process beside the oldest, then the oldest is told to end and has ended."""
        oldest = self.processes.pop(0)
        self.start()
        oldest.send_signal(signal.SIGTERM)
        oldest.wait(self.grace + 60)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.socket.close()


class Load:
    """Clients that ask until they are told to stop: some with a connection each time, some keeping theirs."""

    def __init__(self, address: str, paths: list[str], *, clients: int = 4, pause: float = 0.0) -> None:
        self.address, self.paths, self.pause = address, paths, pause
        self.answers: Counter[str] = Counter()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(n % 2 == 0,)) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def _ask(self, keeps: bool) -> None:
        client = httpx.Client(timeout=60)
        count = 0
        while not self.over.is_set():
            path = self.paths[count % len(self.paths)]
            count += 1
            try:
                answer = client.get(self.address + path) if keeps else httpx.get(self.address + path, timeout=60)
                self.answers[str(answer.status_code)] += 1
            except httpx.HTTPError as error:
                self.answers[f"{'kept' if keeps else 'fresh'} connection: {type(error).__name__} {error}"] += 1
            self.over.wait(self.pause)
        client.close()

    def end(self) -> Counter[str]:
        """Stop; answers by status, and failures by what they were."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.answers


class Watchers:
    """Websockets that stay for as long as they may, and come again when told to; the codes with which they were let go."""

    def __init__(self, address: str, count: int) -> None:
        self.address = address.replace("http", "ws") + "/ws/"
        self.codes: Counter[int] = Counter()
        self.closed_at: list[float] = []
        self.greeted = 0
        self.over = False
        self.thread = threading.Thread(target=asyncio.run, args=(self._watch(count),))
        self.thread.start()

    async def _watch(self, count: int) -> None:
        self.tasks = [asyncio.create_task(self._one()) for _ in range(count)]
        self.loop = asyncio.get_running_loop()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _one(self) -> None:
        while not self.over:
            async with websockets.connect(self.address, compression=None) as each:
                self.greeted += 1
                try:
                    while True:
                        await each.recv()
                except websockets.ConnectionClosed as closed:
                    self.codes[closed.rcvd.code if closed.rcvd else 1006] += 1
                    self.closed_at.append(time.monotonic())

    def end(self) -> None:
        self.over = True
        self.loop.call_soon_threadsafe(lambda: [task.cancel() for task in self.tasks])
        self.thread.join()
