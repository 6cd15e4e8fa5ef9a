"""What must not be committed: large files, and keys. `python -m config.committed FILE...` says what it found."""

from __future__ import annotations

import re
import sys
from pathlib import Path

LARGEST = 1024 * 1024
LARGEST_WEIGHTS = 6 * 1024 * 1024
"""Of one net; all nets together are held to 15 MB (tests/ml)."""
LARGEST_FONT = 4 * 1024 * 1024
"""A font with the letters of Chinese, Japanese and Korean."""
SECRETS = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"),
    "a live key of Stripe": re.compile(rb"\b[sr]k_live_[A-Za-z0-9]{20,}"),
    "a webhook secret of Stripe": re.compile(rb"\bwhsec_[A-Za-z0-9]{32,}"),
    "a key of Amazon": re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    "a key of our API": re.compile(rb"\btk_[A-Za-z0-9_-]{40,}"),
    "a bearer token": re.compile(rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
}


def findings(path: Path) -> list[str]:
    """What is wrong with one file, as sentences; links and what is gone are left alone."""
    if path.is_symlink() or not path.is_file():
        return []
    size = path.stat().st_size
    roomier = {(".onnx", "weights"): LARGEST_WEIGHTS, (".ttf", "fonts"): LARGEST_FONT}
    most = roomier.get((path.suffix, path.parent.name), LARGEST)
    if size > most:
        return [f"{path} has {size // 1024} KB; {most // 1024} are allowed."]
    content = path.read_bytes()
    return [f"{path} seems to hold {what}." for what, pattern in SECRETS.items() if pattern.search(content)]


def main() -> None:
    """Check the files named; status 1 when something was found."""
    found = [finding for name in sys.argv[1:] for finding in findings(Path(name))]
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
