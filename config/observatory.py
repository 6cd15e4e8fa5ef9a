"""How well a site's answers protect its visitors, as Mozilla's HTTP Observatory scores them; plain functions on headers.

Source: MDN, HTTP Observatory, "Tests & scoring" (version 5): a hundred to begin with, modifiers, extra credit where the
rest reaches ninety, letters by thresholds. What only their servers can see (preload lists, a report of other hosts) is
left out, and no script of ours is loaded from elsewhere, so that subresource integrity has nothing to add.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie

_LETTERS = [
    (100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-"),
    (40, "D+"), (30, "D"), (25, "D-"), (0, "F"),
]  # fmt: skip
_HALF_A_YEAR = 15_768_000
_PRIVATE_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_EXTRA_CREDIT_FROM = 90


@dataclass(frozen=True)
class Finding:
    """One test: its name, how many points it gives or takes, and why."""

    name: str
    points: int
    why: str


@dataclass(frozen=True)
class Grade:
    """The letter, the score, and what it is made of."""

    letter: str
    score: int
    findings: tuple[Finding, ...]


def directives_of(policy: str) -> dict[str, list[str]]:
    """A content security policy by directive."""
    parts = [part.split() for part in policy.split(";")]
    return {words[0].lower(): [word.lower() for word in words[1:]] for words in parts if words}


def _policy(headers: Mapping[str, str]) -> Finding:
    policy = directives_of(headers.get("content-security-policy", ""))
    if not policy:
        return Finding("content-security-policy", -25, "there is none")
    fallback = policy.get("default-src", ["*"])
    scripts, styles = policy.get("script-src", fallback), policy.get("style-src", fallback)
    objects = policy.get("object-src", fallback)
    loose = {"*", "http:", "https:", "data:"}
    guarded = any(word.startswith(("'nonce-", "'sha")) for word in scripts)
    if loose & {*scripts, *objects} or ("'unsafe-inline'" in scripts and not guarded):
        return Finding("content-security-policy", -20, "scripts may stand in the page or come from anywhere")
    if "'unsafe-eval'" in scripts:
        return Finding("content-security-policy", -10, "scripts may evaluate text")
    if "'unsafe-inline'" in styles:
        return Finding("content-security-policy", 0, "styles may stand in the page")
    if fallback == ["'none'"]:
        return Finding("content-security-policy", 10, "nothing unsafe, and what is not named is forbidden")
    return Finding("content-security-policy", 5, "nothing unsafe")


def _cookies(cookies: Sequence[str]) -> Finding:
    if not cookies:
        return Finding("cookies", 0, "there are none")
    strict = True
    for line in cookies:
        for name, cookie in SimpleCookie(line).items():
            is_session, is_token = "sess" in name.lower(), "csrf" in name.lower()
            if not cookie["secure"]:
                return Finding("cookies", -40 if is_session else -20, f"{name} travels without TLS")
            if is_session and not cookie["httponly"]:
                return Finding("cookies", -30, f"{name} can be read by scripts")
            if is_token and not cookie["samesite"]:
                return Finding("cookies", -20, f"{name} is sent along from other sites")
            strict = strict and bool(cookie["samesite"])
    return Finding("cookies", 5 if strict else 0, "secure, and not sent along from other sites")


def _transport(headers: Mapping[str, str]) -> Finding:
    found = re.search(r"max-age=(\d+)", headers.get("strict-transport-security", ""))
    if not found:
        return Finding("strict-transport-security", -20, "there is none")
    enough = int(found[1]) >= _HALF_A_YEAR
    return Finding("strict-transport-security", 0 if enough else -10, f"for {int(found[1]) // 86400} days")


def _rest(headers: Mapping[str, str]) -> list[Finding]:
    open_to_all = headers.get("access-control-allow-origin") == "*"
    sniff = headers.get("x-content-type-options", "").lower() == "nosniff"
    referrer = headers.get("referrer-policy", "").lower()
    private = referrer in _PRIVATE_REFERRERS
    ancestors = directives_of(headers.get("content-security-policy", "")).get("frame-ancestors")
    framed = headers.get("x-frame-options", "").lower() in {"deny", "sameorigin"}
    resources = headers.get("cross-origin-resource-policy", "").lower()
    return [
        Finding("cross-origin resource sharing", -50 if open_to_all else 0, "for everybody" if open_to_all else "none"),
        Finding("x-content-type-options", 0 if sniff else -5, "nosniff" if sniff else "missing"),
        Finding("referrer-policy", 5 if private else -5 if referrer == "unsafe-url" else 0, referrer or "missing"),
        Finding(
            "framing", 5 if ancestors else 0 if framed else -20, "by frame-ancestors" if ancestors else "see the header"
        ),
        Finding(
            "cross-origin-resource-policy",
            10 if resources in {"same-origin", "same-site"} else 0,
            resources or "missing",
        ),
    ]


def _redirection(plain: tuple[int, str] | None) -> Finding:
    if plain is None:
        return Finding("redirection", 0, "not asked")
    status, location = plain
    good = status in {301, 302, 307, 308} and location.startswith("https://")
    return Finding("redirection", 0 if good else -20, "to https at once" if good else "plain http is answered")


def graded(*, headers: Mapping[str, str], cookies: Sequence[str] = (), plain: tuple[int, str] | None = None) -> Grade:
    """The grade of an answer over https: its headers, its Set-Cookie lines, and what plain http answers (status, place)."""
    lower = {name.lower(): value for name, value in headers.items()}
    findings = (_policy(lower), _cookies(cookies), _transport(lower), _redirection(plain), *_rest(lower))
    score = 100 + sum(finding.points for finding in findings if finding.points < 0)
    if score >= _EXTRA_CREDIT_FROM:
        score += sum(finding.points for finding in findings if finding.points > 0)
    score = max(score, 0)
    return Grade(next(letter for least, letter in _LETTERS if score >= least), score, findings)
