"""What is shown while everything starts, and what waits."""

import pytest

from config.launcher.console import Console

INFO = "2026-11-21T08:51:37Z [info     ] request.finished  route=home"
INFO_JSON = '{"event": "request.finished", "level": "info"}'
WARNING = "2026-11-21T08:51:37Z [warning  ] rate_limit.unavailable"


@pytest.mark.parametrize("ordinary", [INFO, INFO_JSON])
def test_ordinary_lines_wait_and_others_do_not(capsys, ordinary):
    console = Console(holds_back=True)
    for text in (ordinary, WARNING, "Traceback (most recent call last):"):
        console.line("web", text)
    assert capsys.readouterr().out == f"web       | {WARNING}\nweb       | Traceback (most recent call last):\n"


def test_after_a_good_start_what_waited_is_forgotten_and_every_line_is_shown(capsys):
    console = Console(holds_back=True)
    console.line("web", INFO)
    console.let_pass()
    console.line("worker", INFO)
    assert capsys.readouterr().out == f"worker    | {INFO}\n"


def test_after_a_failed_start_what_waited_is_shown_in_order(capsys):
    console = Console(holds_back=True)
    console.line("web", INFO)
    console.line("worker", INFO)
    console.show_held()
    assert capsys.readouterr().out == f"web       | {INFO}\nworker    | {INFO}\n"


def test_who_asks_for_a_level_sees_every_line(capsys):
    Console().line("web", INFO)
    assert capsys.readouterr().out == f"web       | {INFO}\n"
