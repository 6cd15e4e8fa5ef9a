"""What docs/security.md claims: every test that it names is there, every threat and every point is answered."""

import re

from config.env import ROOT

DOCUMENT = (ROOT / "docs/security.md").read_text()
# Points of levels 1 and 2 in each section of the OWASP Application Security Verification Standard 4.0.3.
POINTS = {
    1: 38, 2: 53, 3: 18, 4: 9, 5: 30, 6: 13, 7: 12, 8: 15, 9: 7, 10: 5, 11: 8, 12: 15, 13: 13, 14: 23,
}  # fmt: skip


def rows(first: str) -> list[list[str]]:
    found = re.findall(rf"^\| {first} \|.*\|$", DOCUMENT, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found]


def test_every_named_test_is_there():
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT))
    assert len(named) > 60
    missing = [
        f"{path}::{name}"
        for path, name in sorted(named)
        if not (ROOT / "tests" / path).exists() or f"def {name}(" not in (ROOT / "tests" / path).read_text()
    ]
    assert missing == []


def test_every_threat_says_where_it_is_handled_and_what_holds_it():
    threats = rows(r"T\d+")
    assert len(threats) >= 20
    assert all(all(row) and "`" in row[-1] for row in threats)


def test_every_point_is_answered_once():
    points = rows(r"\d+\.\d+\.\d+")
    numbers = [row[0] for row in points]
    assert len(numbers) == len(set(numbers))
    assert [row for row in points if len(row) != 3 or not all(row)] == []
    counted = {chapter: sum(number.startswith(f"{chapter}.") for number in numbers) for chapter in POINTS}
    assert counted == POINTS


def test_what_is_not_met_is_listed_apart():
    open_points = {row[0] for row in rows(r"\d+\.\d+\.\d+") if row[1] == "no"}
    told = DOCUMENT.partition("## What is not met")[2].partition("\n## ")[0]
    assert open_points == set(re.findall(r"\b\d+\.\d+\.\d+\b", told))
