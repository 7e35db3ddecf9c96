"""docker-compose.yml keeps secrets in files, opens nothing by accident, and agrees with deploy/make-secrets."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECRET_WORDS = ("PASSWORD", "SECRET", "TOKEN", "DATABASE_URL", "BROKER_URL")


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The folder that deploy/make-secrets fills."""
    folder = tmp_path / "secrets"
    _make_secrets(folder, token="a token\n")
    return folder


def _make_secrets(folder: Path, *, token: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy" / "make-secrets"), str(folder)]
    return subprocess.run(command, input=token, text=True, capture_output=True, check=False)


def _read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_a_secret_in_its_environment(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    secret = {key for key in environment if any(word in key for word in SECRET_WORDS)}

    assert all(key.endswith("_FILE") and environment[key].startswith("/run/secrets/") for key in secret)


def test_no_password_is_written_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert not re.search(r"(password|token|secret)\w*\s*[:=]\s*\"?[\w-]{6,}\"?\s*$", text, re.IGNORECASE | re.MULTILINE)
    assert "://" not in re.sub(r"http://127\.0\.0\.1:8000", "", text)


@pytest.mark.parametrize("name", SERVICES)
def test_each_secret_a_service_reads_is_mounted(name: str) -> None:
    service = SERVICES[name]
    read = set(re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(service)))

    assert read == set(service.get("secrets", []))


def test_the_web_server_is_the_only_port_and_only_on_loopback() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_read_only_root_no_privileges_and_bounded_logs(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", ["postgres", "redis", "web"])
def test_each_server_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", ["web", "worker", "scheduler"])
def test_nothing_starts_before_the_schema_is_there(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_every_service_that_stays_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", ["worker", "scheduler"])
def test_a_file_that_is_not_renewed_tells_of_a_process_that_does_nothing(name: str, tmp_path: Path) -> None:
    file, test = SERVICES[name]["environment"]["COURTOISIE_HEARTBEAT"], SERVICES[name]["healthcheck"]["test"]
    assert file in test[-1]
    alive = tmp_path / "alive"
    command = [sys.executable, "-c", test[-1].replace(file, str(alive))]

    def healthy() -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    missing = healthy()
    alive.touch()
    fresh = healthy()
    os.utime(alive, (0, 0))

    assert (missing, fresh, healthy()) == (False, True, False)


def test_redis_keeps_what_it_was_told() -> None:
    assert "--appendonly yes" in SERVICES["redis"]["command"][0]


def test_the_script_writes_every_secret_the_compose_file_mounts(secrets: Path) -> None:
    mounted = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}

    assert set(_read(secrets)) == mounted


def test_the_addresses_carry_the_drawn_passwords(secrets: Path) -> None:
    written = _read(secrets)

    assert written["database_url"] == f"postgresql://courtoisie:{written['postgres_password']}@postgres:5432/courtoisie"
    assert written["broker_url"] == f"redis://:{written['redis_password']}@redis:6379/0"


def test_no_two_passwords_are_alike_and_none_is_short(secrets: Path, tmp_path: Path) -> None:
    _make_secrets(tmp_path / "another", token="a token\n")
    drawn = ["postgres_password", "redis_password", "secret_key"]
    passwords = [_read(folder)[name] for folder in (secrets, tmp_path / "another") for name in drawn]

    assert len(set(passwords)) == len(passwords)
    assert all(len(password) == 64 for password in passwords)


def test_the_folder_of_secrets_is_for_its_owner_only(secrets: Path) -> None:
    assert secrets.stat().st_mode & 0o777 == 0o700


def test_a_second_run_keeps_every_secret(secrets: Path) -> None:
    before = _read(secrets)

    _make_secrets(secrets, token="another token\n")

    assert _read(secrets) == before


def test_no_token_no_file(tmp_path: Path) -> None:
    done = _make_secrets(tmp_path / "secrets", token="")

    assert done.returncode == 1
    assert "auth token" in done.stderr
    assert "twilio_auth_token" not in _read(tmp_path / "secrets")


def test_nothing_secret_is_printed(tmp_path: Path) -> None:
    done = _make_secrets(tmp_path / "secrets", token="a token\n")
    written = {value for value in _read(tmp_path / "secrets").values() if value}

    assert not any(value in done.stdout + done.stderr for value in written)


def test_the_image_takes_in_no_secret_and_no_listing() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = set(re.findall(r"^COPY ((?:[\w./]+ )+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))

    assert "*" in ignore
    assert {line[1:] for line in ignore if line.startswith("!")} == {
        path.split("/")[0] for line in copied for path in line.split()
    }
