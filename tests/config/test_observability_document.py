"""docs/observability.md lists every metric as the program has it."""

import re

from prometheus_client import Metric

from apps.core import metrics
from config.env import ROOT
from config.observing import readings  # noqa: F401 - they register themselves
from config.observing.state import FAILED, READINGS

DOCUMENT = (ROOT / "docs/observability.md").read_text()


def _labels(metric: Metric) -> tuple[str, ...]:
    return tuple(metrics.REGISTRY._names_to_collectors[metric.name]._labelnames)


def rows() -> list[str]:
    """The table as it should stand."""
    counted = [
        (f"{each.name}_total" if each.type == "counter" else each.name, each.type, _labels(each), each.documentation)
        for each in metrics.REGISTRY.collect()
    ]
    read = [(each.name, "gauge", each.labels, each.documentation) for one in READINGS for each in one.figures]
    read.append((FAILED.name, "gauge", FAILED.labels, FAILED.documentation))
    return [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {documentation} |"
        for name, kind, labels, documentation in (*counted, *read)
    ]


def test_every_metric_is_described():
    documented = re.findall(r"^\| `cardvault_\w+` \|.*$", DOCUMENT, re.MULTILINE)
    assert documented == rows(), "The table should be:\n" + "\n".join(rows())
