"""Settings come from the environment, from secret files and from config/courtoisie.toml, in that order of strength."""

import os
from pathlib import Path

import pytest

from worker import settings, settings_sources
from worker.domain.errors import BadDefinition


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty config folder that the settings are read from."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("COURTOISIE_CONFIG_DIR", str(folder))
    monkeypatch.setenv("COURTOISIE_TEMPLATES_DIR", str(folder))
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("from a file\n", encoding="utf-8")
    return path


def test_a_secret_file_stands_for_its_variable(config: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_SECRET_KEY_FILE", str(secret))

    assert settings.load().secret_key.get_secret_value() == "from a file"


def test_a_secret_file_may_name_a_nested_setting(config: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_TWILIO__ACCOUNT_SID", "AC1")
    monkeypatch.setenv("COURTOISIE_TWILIO__AUTH_TOKEN_FILE", str(secret))

    twilio = settings.load().twilio

    assert (twilio.account_sid, twilio.auth_token.get_secret_value()) == ("AC1", "from a file")


def test_the_environment_is_stronger_than_a_secret_file(
    config: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURTOISIE_SECRET_KEY_FILE", str(secret))
    monkeypatch.setenv("COURTOISIE_SECRET_KEY", "from the environment")

    assert settings.load().secret_key.get_secret_value() == "from the environment"


def test_the_environment_is_stronger_than_the_config_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config / "courtoisie.toml").write_text('[twilio]\naccount_sid = "AC1"\ntimeout_s = 5\n', encoding="utf-8")
    monkeypatch.setenv("COURTOISIE_TWILIO__TIMEOUT_S", "7")

    twilio = settings.load().twilio

    assert (twilio.account_sid, twilio.timeout_s) == ("AC1", 7)


@pytest.mark.parametrize("written", ['secret_key = "s"', '[twilio]\nauth_token = "s"'])
def test_a_secret_in_the_config_file_is_refused(config: Path, written: str) -> None:
    (config / "courtoisie.toml").write_text(written, encoding="utf-8")

    with pytest.raises(BadDefinition, match="est un secret"):
        settings.load()


def test_a_secret_file_that_is_not_there_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_DATABASE_URL_FILE", "/nowhere/database_url")

    with pytest.raises(BadDefinition, match=r"COURTOISIE_DATABASE_URL_FILE.*/nowhere/database_url"):
        settings.load()


def test_a_wrong_value_is_named_with_its_variable(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_LIMITS__BATCH_SIZE", "0")

    with pytest.raises(BadDefinition, match="COURTOISIE_LIMITS__BATCH_SIZE"):
        settings.load()


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
@pytest.mark.parametrize("name", ["COURTOISIE_LIMITS__TICK_S", "COURTOISIE_CALL_HOURS__MINUTES_PER_CONTACT"])
def test_what_is_no_number_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(BadDefinition, match=f"attendu.*{name}"):
        settings.load()


def test_secrets_do_not_show_when_settings_are_printed(
    config: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURTOISIE_DATABASE_URL_FILE", str(secret))
    monkeypatch.setenv("COURTOISIE_TWILIO__AUTH_TOKEN_FILE", str(secret))

    assert "from a file" not in repr(settings.load())


def test_a_lease_shorter_than_a_request_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_LIMITS__LEASE_S", "8")
    monkeypatch.setenv("COURTOISIE_TWILIO__TIMEOUT_S", "10")

    with pytest.raises(BadDefinition, match="LIMITS__LEASE_S doit dépasser TWILIO__TIMEOUT_S"):
        settings.load()


def test_a_misspelt_variable_stops_nothing_also_below_a_table(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURTOISIE_LIMITS__TICKS", "3")
    monkeypatch.setenv("COURTOISIE_TWILIO__AUTH_TOKN_FILE", "/dev/null")
    monkeypatch.setenv("COURTOISIE_AGENCIES__01__CALLERS", "2")

    assert settings.load().agencies["01"].callers == 2
    assert settings_sources.unread(os.environ, settings.Settings) == {
        "COURTOISIE_LIMITS__TICKS": "COURTOISIE_LIMITS__TICK_S",
        "COURTOISIE_TWILIO__AUTH_TOKN_FILE": "COURTOISIE_TWILIO__AUTH_TOKEN_FILE",
    }


def test_a_misspelt_key_of_the_config_file_is_named_with_the_nearest(config: Path) -> None:
    (config / "courtoisie.toml").write_text("[limits]\nticks = 3\n", encoding="utf-8")

    with pytest.raises(BadDefinition, match=r"limits.ticks : ce réglage n'existe pas.*« COURTOISIE_LIMITS__TICK_S »"):
        settings.load()
