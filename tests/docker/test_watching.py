"""Rules, dashboards and runbooks speak of metrics that there are, and every alert has a page that says what to do.

Structure and names are checked here in full, so that nothing depends on what a machine has installed; how the rules were tried
with Prometheus itself stands in docs/observability.md.
"""

from __future__ import annotations

import json
import re

import pytest
import yaml

from apps.core import metrics
from config.env import ROOT
from config.observing import readings  # noqa: F401 - they register themselves
from config.observing.state import FAILED, READINGS

PROMETHEUS = ROOT / "docker/prometheus"
GRAFANA = ROOT / "docker/grafana"
RUNBOOKS = ROOT / "docs/runbooks"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]  # fmt: skip
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
_SERIES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("_count", "_sum"),
    "gauge": ("",),
}


def series() -> dict[str, set[str]]:
    """Every name that Prometheus will know, with its labels."""
    found = {figure.name: set(figure.labels) for one in READINGS for figure in one.figures}
    found[FAILED.name] = set(FAILED.labels)
    for metric in metrics.REGISTRY.collect():
        labels = set(metrics.REGISTRY._names_to_collectors[metric.name]._labelnames)
        for ending in _SERIES[metric.type]:
            found[metric.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


KNOWN = series()
OF_PROMETHEUS = {"instance", "job"}


def mistakes(expression: str) -> list[str]:
    """Names that there are not, labels that a metric has not, brackets that do not close."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    wrong = [name for name in re.findall(r"\bcardvault_\w+", plain) if name not in KNOWN]
    for name, matchers in re.findall(r"\b(cardvault_\w+)\{([^}]*)\}", plain):
        wrong += [
            f"{name} has no {label}"
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)
            if label not in KNOWN.get(name, set()) | OF_PROMETHEUS
        ]
    labels = {label for name in re.findall(r"\bcardvault_\w+", plain) for label in KNOWN.get(name, set())}
    for group in re.findall(r"\bby \(([^)]*)\)", plain):
        named = {each.strip() for each in group.split(",")}
        wrong += [f"no metric here has {label}" for label in named - labels - OF_PROMETHEUS]
    for opening, closing in ("()", "{}", "[]"):
        if plain.count(opening) != plain.count(closing):
            wrong.append(f"{opening}{closing} do not match")
    return wrong


def test_the_check_itself_finds_what_is_wrong():
    assert mistakes('sum by (route) (rate(cardvault_requests_total{status="5xx"}[5m]))') == []
    assert mistakes("cardvault_nothing") == ["cardvault_nothing"]
    assert mistakes('cardvault_queue_messages{route="x"}') == ["cardvault_queue_messages has no route"]
    assert mistakes("sum by (queue) (cardvault_requests_total") == ["no metric here has queue", "() do not match"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is_and_says_what_to_do(rule):
    assert mistakes(rule["expr"]) == []
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["annotations"]["summary"]
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == RUNBOOKS
    text = runbook.read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["What it means", "What to look at", "What to do"]
    assert ("Wakes somebody" in text) == (rule["labels"]["severity"] == "page")


def test_alerts_have_names_of_their_own_and_no_runbook_is_without_one():
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names) >= 20
    told = {rule["annotations"]["runbook"] for rule in RULES}
    assert told == {str(path.relative_to(ROOT)) for path in RUNBOOKS.glob("*.md")}


@pytest.mark.parametrize("runbook", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_runbooks_lead_and_speak_of_what_there_is(runbook):
    text = runbook.read_text()
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [target for target in targets if not (runbook.parent / target).exists()] == []
    assert [name for name in re.findall(r"\bcardvault_\w+", text) if name not in KNOWN] == []


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_what_there_is(dashboard):
    told = json.loads(dashboard.read_text())
    assert told["uid"] == f"cardvault-{dashboard.stem}"
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"][0]["uid"]
    numbers = [panel["id"] for panel in told["panels"]]
    assert len(set(numbers)) == len(numbers) >= 10
    for panel in told["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["datasource"]["uid"] == source
        assert [wrong for target in panel["targets"] for wrong in mistakes(target["expr"])] == [], panel["title"]


def test_every_metric_is_on_a_dashboard_or_in_a_rule():
    asked = " ".join([*(path.read_text() for path in DASHBOARDS), *(rule["expr"] for rule in RULES)])
    shown = set(re.findall(r"\bcardvault_\w+", asked))
    whole = {metric.name for metric in metrics.REGISTRY.collect()} | {f.name for one in READINGS for f in one.figures}
    endings = ("", "_total", "_bucket", "_count", "_sum")
    assert sorted(name for name in whole if not any(name + ending in shown for ending in endings)) == []


def test_prometheus_asks_web_and_workers_where_compose_has_them():
    told = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
    jobs = {job["job_name"]: job for job in told["scrape_configs"]}
    workers = jobs["cardvault-worker"]["dns_sd_configs"][0]
    assert {*jobs["cardvault-web"]["dns_sd_configs"][0]["names"], *workers["names"]} <= set(compose["services"])
    assert compose["x-settings"]["METRICS_PORT"] == str(workers["port"])
    named = {job["authorization"]["credentials_file"] for name, job in jobs.items() if name.startswith("cardvault")}
    assert named == {"/run/secrets/metrics_token"}
    mounted = [each.split(":")[0] for each in compose["services"]["prometheus"]["volumes"] if each.startswith("./")]
    mounted += [each.split(":")[0] for each in compose["services"]["grafana"]["volumes"] if each.startswith("./")]
    assert [each for each in mounted if not (ROOT / "docker" / each).exists()] == []
