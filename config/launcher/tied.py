"""Runs a module whose forked processes die with it: `python -m config.launcher.tied MODULE ARGUMENTS`.

The launcher's children are killed by the kernel when the launcher is. What they fork (the worker's pool, the demo's
drawing processes) would stay: forking forgets that request, so each fork makes it again.
"""

import os
import runpy
import signal
import sys

from config.embedded.processes import die_with_parent


def main() -> None:
    """Become the module named by the first argument."""
    os.register_at_fork(after_in_child=lambda: die_with_parent(signal.SIGKILL))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
