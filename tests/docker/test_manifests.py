"""Images, compose file and cluster manifests pass the linters and schemas of their makers, and agree with each other.

No container engine is needed. What kustomize makes of the overlays is checked by `make manifests`, which fetches kustomize.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.env import ROOT

DOCKER = ROOT / "docker"
CLUSTER = DOCKER / "kubernetes"
KUBERNETES = "1.31"


def documents(path: Path) -> list[dict]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    return subprocess.run(
        [Path(sys.executable).with_name(program), *arguments], capture_output=True, text=True, cwd=ROOT
    )


def test_the_images_pass_hadolint():
    done = run("hadolint", "docker/Dockerfile")
    assert done.returncode == 0, done.stdout


def test_compose_fits_its_specification():
    done = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yaml")
    assert done.returncode == 0, done.stdout


def test_manifests_fit_kubernetes():
    manifests = {one.name for one in (CLUSTER / "base").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(documents(CLUSTER / "base/kustomization.yaml")[0]["resources"]) == manifests
    done = run(
        "kubernetes-validate", "-k", KUBERNETES, "--strict", *(str(CLUSTER / "base" / name) for name in manifests)
    )
    assert done.returncode == 0, done.stdout + done.stderr


def workloads() -> list[dict]:
    every = (one for path in (CLUSTER / "base").glob("*.yaml") for one in documents(path))
    return [one for one in every if one["kind"] in {"Deployment", "Job"}]


@pytest.mark.parametrize("workload", workloads(), ids=lambda one: one["metadata"]["name"])
def test_every_pod_is_unprivileged_and_bounded(workload):
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]


def test_what_scales_and_what_is_budgeted_exists():
    names = {one["metadata"]["name"] for one in workloads()}
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in documents(CLUSTER / "base/autoscaling.yaml")]
    by_queue = documents(CLUSTER / "components/queue-autoscaling/scaled.yaml")
    budgets = [
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]
        for one in documents(CLUSTER / "base/disruption.yaml")
    ]
    assert {*scaled, *budgets, *(one["spec"]["scaleTargetRef"]["name"] for one in by_queue)} <= names
    assert "beat" not in scaled, "two schedulers would do everything twice"


def test_every_queue_has_a_worker_in_compose_and_cluster():
    from django.conf import settings

    queues = {
        settings.CELERY_TASK_DEFAULT_QUEUE,
        "notify",
        *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values()),
    }

    def served(commands: list[list[str]]) -> set[str]:
        return {name for command in commands if "-Q" in command for name in command[command.index("-Q") + 1].split(",")}

    image = ["celery", "-Q", "default,feeds,notify"]  # the worker image's own command, which compose leaves as it is
    assert '"default,feeds,notify"' in (DOCKER / "Dockerfile").read_text()
    compose = documents(DOCKER / "compose.yaml")[0]["services"].values()
    assert served([image, *(one["command"] for one in compose if isinstance(one.get("command"), list))]) == queues
    assert (
        served([one["spec"]["template"]["spec"]["containers"][0].get("command", []) for one in workloads()]) == queues
    )


def test_settings_that_are_named_exist():
    from config.env import Environment

    own = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "REDIS_HOST",  # boto's and KEDA's
    }  # fmt: skip
    known = {name.upper() for name in Environment.model_fields} | own
    compose = documents(DOCKER / "compose.yaml")[0]
    cluster = documents(CLUSTER / "base/settings.yaml")[0]
    assert set(compose["x-settings"]) <= known
    assert set(cluster["data"]) <= known
