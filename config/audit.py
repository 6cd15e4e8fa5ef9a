"""`make audit`: what can be known of the locked packages: without network their hashes, with it their known weaknesses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from config.env import ROOT

LOCKS = ("base", "dev", "ml")
# Run by uv in an environment of its own: it is no part of the product.
_PIP_AUDIT = ["-m", "uv", "tool", "run", "pip-audit", "--format", "json", "--require-hashes", "--disable-pip"]


def locked(path: Path) -> dict[str, tuple[str, int]]:
    """Package to version and number of hashes, of a lock as uv writes it. A line that is no pin counts as version ''."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in path.read_text().splitlines():
        if line.startswith("    --hash=sha256:"):
            version, hashes = found[name]
            found[name] = (version, hashes + 1)
        elif line and not line.startswith((" ", "#", "--")):
            pin = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", line)
            name = pin[1].lower() if pin else line
            found[name] = (pin[2] if pin else "", 0)
    return found


def faults_of_locks(folder: Path) -> list[str]:
    """What is wrong with the locks: a package that is not pinned, has no hash, or stands in two versions."""
    locks = {name: locked(folder / f"{name}.txt") for name in LOCKS if (folder / f"{name}.txt").exists()}
    faults = []
    for lock, packages in locks.items():
        for package, (version, hashes) in packages.items():
            if not version:
                faults.append(f"{lock}.txt: “{package}” is not pinned to a version")
            elif not hashes:
                faults.append(f"{lock}.txt: {package} has no hash")
    for package, (version, _hashes) in locks["base"].items():
        other = locks["dev"].get(package, (version, 0))[0]
        if other != version:
            faults.append(f"{package} is {version} in base.txt and {other} in dev.txt")
    return faults


def known_weaknesses(lock: Path) -> list[str] | None:
    """What the advisories say of the locked packages; None where they cannot be asked from here."""
    command = [sys.executable, *_PIP_AUDIT, "--requirement", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603 - our own words
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or '-'}"
        for package in told["dependencies"]
        for weakness in package.get("vulns", ())
    ]


def main() -> int:
    """Print what was found; 1 where something was."""
    faults = faults_of_locks(ROOT / "requirements")
    weaknesses = known_weaknesses(ROOT / "requirements" / "base.txt")
    if weaknesses is None:
        sys.stdout.write("audit: the advisories cannot be reached from here; only the locks were checked\n")
    for fault in [*faults, *(weaknesses or ())]:
        sys.stdout.write(f"audit: {fault}\n")
    if not faults and not weaknesses:
        sys.stdout.write("audit: nothing found\n")
    return 1 if faults or weaknesses else 0


if __name__ == "__main__":
    sys.exit(main())
