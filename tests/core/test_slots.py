"""Processes of one machine count together: nothing is lost when one ends, and files do not pile up."""

import subprocess
import sys

from config.env import ROOT

# Forks are made in a process of their own: the tests' has threads and connections.
SCRIPT = """
import os, sys
from pathlib import Path
from apps.core.slots import share
folder = Path(sys.argv[1])
slots = share(folder)
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
done = Counter("done", "d", ["what"], registry=registry)
there = Gauge("there", "t", multiprocess_mode="livesum", registry=registry)

def child(number):
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        for _ in range(number):
            done.labels("it").inc()
        there.inc()
        os.write(ready[1], b"1")
        os.read(go[0], 1)
        os._exit(9)  # as if it were killed
    os.read(ready[0], 1)
    return pid, go[1]

def end(pid, go):
    os.write(go, b"1")
    os.waitpid(pid, 0)

def told():
    slots.forget_dead()
    both = CollectorRegistry()
    MultiProcessCollector(both, str(folder))
    files = len(list(folder.glob("counter_*.db")))
    return both.get_sample_value("done_total", {"what": "it"}), both.get_sample_value("there") or 0.0, files

done.labels("it").inc(100)
one, two = child(3), child(5)
print(*told())
end(*one)
print(*told())
three = child(7)
print(*told())
end(*two); end(*three)
print(*told())
"""


def test_counts_stay_and_what_lives_goes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "metrics")], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "108.0 2.0 3",  # all three, two of them with something open
        "108.0 1.0 3",  # what the killed one counted stays, what it had open does not
        "115.0 2.0 3",  # its successor goes on in its files
        "115.0 0.0 3",
    ]
