"""Stories that a machine of Hypothesis makes up, and what they were, for `--hypothesis-show-statistics`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.statistics import collector, describe_statistics


def tell(
    machine: type[RuleBasedStateMachine], *, steps: int, each: int, request: pytest.FixtureRequest, **how: Any
) -> None:
    """Stories of up to `each` steps, as many as make up `steps`. how: more of Hypothesis' settings."""

    def note(told: Any) -> None:
        # Hypothesis itself does so for tests that it wraps, which a machine is not.
        lines = describe_statistics(told | {"nodeid": request.node.nodeid}).splitlines()
        request.node.hypothesis_statistics = "\n".join(line for line in lines if "Retried draw" not in line)

    with collector.with_value(note):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=max(steps // each, 1),
                stateful_step_count=each,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                **how,
            ),
        )
