"""Every knob of a deployment: the only reader of the environment and of config/courtoisie.toml.

Order, strongest first: environment (COURTOISIE_…), secret files (COURTOISIE_…_FILE), config/courtoisie.toml,
the defaults here. Secrets are refused in the TOML file.
"""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from worker import settings_sources as sources
from worker.domain.channels import Sender
from worker.domain.errors import BadDefinition
from worker.i18n import _
from worker.settings_sources import PREFIX
from worker.settings_tables import (
    AgencySettings,
    Bridge,
    CallHours,
    Calls,
    Capacity,
    Landlord,
    Limits,
    Oidc,
    Routing,
    SenderSettings,
    Sessions,
    Sheets,
    Smtp,
    Speech,
    Twilio,
)


class Settings(BaseSettings):
    """All settings of one deployment. Read once per process, in bootstrap."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", validate_default=True
    )

    database_url: SecretStr = SecretStr("")
    broker_url: SecretStr = SecretStr("")
    public_url: str = ""
    secret_key: SecretStr = SecretStr("")
    config_dir: Path = Path()
    templates_dir: Path = Path()
    timezone: str = "Europe/Paris"
    language: Literal["fr", "en"] = "fr"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    heartbeat: Path | None = Field(default=None, description="a file that worker and scheduler touch while they work")
    trusted_proxies: tuple[str, ...] = Field(default=(), description="addresses whose X-Forwarded-For is believed")
    twilio: Twilio = Twilio()
    landlord: Landlord = Landlord()
    senders: dict[str, SenderSettings] = {}
    limits: Limits = Limits()
    call_hours: CallHours = CallHours()
    calls: Calls = Calls()
    bridge: Bridge = Bridge()
    capacity: Capacity = Capacity()
    agencies: dict[str, AgencySettings] = {}
    guests: tuple[str, ...] = ()
    routing: Routing = Routing()
    sheets: Sheets = Sheets()
    sessions: Sessions = Sessions()
    smtp: Smtp = Smtp()
    oidc: Oidc = Oidc()
    speech: Speech = Speech()

    @model_validator(mode="after")
    def _leases_outlive_requests(self) -> "Settings":
        """A text leaves only if its request can end before its lease does; else none ever would."""
        if self.limits.lease_s <= self.twilio.timeout_s:
            raise ValueError(_("LIMITS__LEASE_S doit dépasser TWILIO__TIMEOUT_S, sinon aucun SMS ne peut partir."))
        return self

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del env_settings, dotenv_settings, file_secret_settings
        environment = EnvSettingsSource(settings_cls)
        # COURTOISIE_…_FILE names a file, not a value: load() reads those. One that no setting reads is a warning, below
        # a table too (`courtoisie check`): it must not stop a process that was started again in the night.
        unread = {variable.lower() for variable in sources.unread(environment.env_vars, settings_cls)}
        environment.env_vars = {
            k: v for k, v in environment.env_vars.items() if not k.endswith("_file") and k not in unread
        }
        return (environment, init_settings)

    @cached_property
    def sender_table(self) -> dict[str, Sender]:
        """The configured senders by key."""
        return {key: Sender(key=key, **s.model_dump()) for key, s in self.senders.items()}


def load() -> Settings:
    """Settings from environment, secret files and config/courtoisie.toml.

    Raises BadDefinition with one line per problem: which key, what is wrong, where it may be set.
    """
    config_dir = sources.directory("CONFIG_DIR", "config")
    templates_dir = sources.directory("TEMPLATES_DIR", "templates")
    layers = sources.read_toml(config_dir / "courtoisie.toml")
    sources.overlay(layers, sources.secret_files(Settings))
    layers |= {"config_dir": config_dir, "templates_dir": templates_dir}
    try:
        return Settings(**layers)
    except ValidationError as error:
        raise BadDefinition(
            "\n".join(sources.problem(e, Settings) for e in error.errors(include_input=False, include_url=False))
        ) from None
