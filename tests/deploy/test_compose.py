"""The compose file as far as it can be checked without containers: its schema, and what it must not do."""

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.make_secrets import make_secrets
from pipeline.dev.kibana import import_dashboards
from schemas.kibana import load_objects, write_ndjson
from tests.parts.web import WebServer

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def test_it_is_a_compose_file() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(DEPLOY / "compose.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@each_service
def test_versions_are_pinned_and_ports_open_to_this_machine_only(service: dict[str, Any]) -> None:
    name, _, tag = service["image"].partition(":")
    assert name
    assert tag[:1].isdigit() or tag[:2] == "v1"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@each_service
def test_what_runs_on_is_health_checked_and_what_it_needs_is_waited_for(service: dict[str, Any]) -> None:
    assert ("healthcheck" in service) == (service["restart"] != "no")
    for other, wanted in service.get("depends_on", {}).items():
        once = SERVICES[other]["restart"] == "no"
        assert wanted["condition"] == ("service_completed_successfully" if once else "service_healthy")


@each_service
def test_secrets_come_from_files_and_no_variable_holds_one(service: dict[str, Any]) -> None:
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    for name, value in service.get("environment", {}).items():
        assert not name.endswith(("PASSWORD", "KEY", "TOKEN", "SECRET")), name
        assert "@" not in str(value)


def test_every_secret_is_made_once_and_never_anew(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert set(make_secrets(folder)) == set(COMPOSE["secrets"])
    assert len(base64.urlsafe_b64decode((folder / "airflow_key").read_text())) == 32
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert make_secrets(folder) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert len(set(before.values())) == len(before)


def test_images_of_ours_are_built_from_the_locks() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes" in dockerfile
    assert all("dockerfile" in one["build"] for one in SERVICES.values() if "build" in one)


IMPORT = "/api/saved_objects/_import?overwrite=true"


def test_the_dashboards_go_in_with_one_request(web_server: WebServer) -> None:
    web_server.serve(IMPORT, '{"success": true}', "application/json")
    import_dashboards(web_server.url("").rstrip("/"), ("elastic", "secret"))
    [(_, headers)], [body] = web_server.requests, web_server.posted
    assert headers["kbn-xsrf"] == "true"
    assert base64.b64decode(headers["authorization"].split()[1]) == b"elastic:secret"
    assert write_ndjson(load_objects()) in body


def test_a_half_taken_import_is_an_error(web_server: WebServer) -> None:
    web_server.serve(IMPORT, '{"success": false, "errors": [{"id": "x"}]}', "application/json")
    with pytest.raises(RuntimeError, match="没有全部收下"):
        import_dashboards(web_server.url("").rstrip("/"), ("elastic", "secret"))
