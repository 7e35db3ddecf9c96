"""The tables of config/courtoisie.toml: what each holds, within which bounds, and what it means."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from worker.domain.channels import Capability
from worker.i18n import _


class Twilio(BaseModel):
    """The account at the provider. An API key, when given, is used for requests; hooks are always
    signed with the auth token."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    auth_token_secondary: SecretStr = SecretStr("")
    api_key_sid: str = ""
    api_key_secret: SecretStr = SecretStr("")
    api_url: str = "https://api.twilio.com"
    max_in_flight: int = Field(default=50, ge=1, le=1000, description="requests under way at once, over all workers")
    timeout_s: float = Field(default=10.0, gt=0, le=60)


class Landlord(BaseModel):
    """The words that stand for the landlord in texts."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: str = "Les Chalets"
    phone: str = "05 36 49 00 01"
    examples_allowed: bool = Field(default=False, description="real tenants may be given the name and number we ship")


class SenderSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    address: str
    capability: Capability
    segments_per_s: float = Field(default=10.0, ge=0)
    calls_per_s: float = Field(default=1.0, gt=0)
    calls_at_once: int = Field(default=2, ge=1, le=100)
    messaging_service: bool = False


class Limits(BaseModel):
    """Times and caps of the route."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    batch_size: int = Field(default=200, ge=1, le=1000)
    lease_s: int = Field(default=60, ge=5, description="a claimed text without a result becomes unknown after this")
    max_attempts: int = Field(default=8, ge=1)
    unknown_margin_s: int = Field(default=60, ge=0, description="wait before the provider is asked about unknowns")
    receipt_poll_after_s: int = Field(default=1800, ge=0)
    acks_per_day: int = Field(default=3, ge=0)
    ack_quiet_s: int = Field(default=600, ge=0, description="same intent within this: one acknowledgement")
    absence_days: int = Field(default=14, ge=1)
    import_max_vanished: float = Field(default=0.2, ge=0, le=1)
    confirm_above: int = Field(default=20, ge=0, description="a launch to more households asks for a confirmation")
    fan_out_slice: int = Field(
        default=2000, ge=1, description="so many recipients' texts are queued at a time when an event opens"
    )
    tick_s: float = Field(default=2.0, gt=0)
    replies_poll_s: float = Field(
        default=60, gt=0, description="how often replies and calls that missed our hooks are listed"
    )
    outage_alarm_s: int = Field(default=60, ge=1, description="the provider has not answered for so long: alarm")
    outage_patience_s: int = Field(default=1800, ge=1, description="and for so long: people ring instead")


class CallHours(BaseModel):
    """When people ring: opening hours of the callers' desk, in local time."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    routine: tuple[tuple[str, str], ...] = (("10:00", "12:30"), ("14:00", "18:30"))
    alert: tuple[tuple[str, str], ...] = (("09:00", "19:00"),)
    minutes_per_contact: float = Field(default=11.4, gt=0)


class Calls(BaseModel):
    """Calls by the machine: when it may ring, for how long, and how often. In local time, as [call_hours]."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    routine: tuple[tuple[str, str], ...] = (("10:00", "12:30"), ("14:00", "18:30"))
    alert: tuple[tuple[str, str], ...] = (("09:00", "19:00"),)
    most: int = Field(default=3, ge=1, le=9, description="calls to one household in one event")
    busy_min: tuple[float, float] = Field(default=(10, 30), description="from a busy line to the next call, in minutes")
    no_answer_min: tuple[float, float] = Field(
        default=(30, 60), description="from a call nobody took to the next, where as far apart as people's is too late"
    )
    machine_min: tuple[float, float] = Field(
        default=(60, 90), description="the same, where half a day would be too late"
    )
    ring_s: int = Field(default=30, ge=5, le=60, description="so long it rings")
    longest_s: int = Field(default=300, ge=30, le=900, description="so long a call may last")
    ask_after_s: int = Field(
        default=0, ge=0, description="a call whose end was not told is asked about then; 0: when it must be over"
    )
    ring_back: bool = Field(
        default=True,
        description="a person rings who rang our line unheard; false: another service answers calls to it",
    )

    @field_validator("busy_min", "no_answer_min", "machine_min")
    @classmethod
    def _in_order(cls, minutes: tuple[float, float]) -> tuple[float, float]:
        if not 0 < minutes[0] <= minutes[1]:
            raise ValueError(_("Écrivez deux durées en minutes, la plus courte d'abord : [10, 30]."))
        return minutes


class Bridge(BaseModel):
    """Calls that the system puts together: a caller's own phone is rung, and a key connects the household."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    whisper: bool = Field(default=True, description="the caller hears who comes next before they press the key")
    ring_s: int = Field(default=25, ge=5, le=60, description="so long either side rings")
    longest_s: int = Field(default=3600, ge=60, le=4 * 3600, description="so long a call may last")
    ask_after_s: int = Field(default=60, ge=1, description="a call whose end was not told is asked about so often")


class Capacity(BaseModel):
    """What the preview counts on: how many people ring, and how many calls a campaign brings."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    callers: int = Field(default=1, ge=0, description="present in an agency that [agencies] does not name")
    history_events: int = Field(default=3, ge=1, description="so many past events of a kind replace the shares below")
    callbacks_check_in: float = Field(default=0.35, ge=0, le=1, description="households texted that must be rung")
    callbacks_advice: float = Field(default=0.02, ge=0, le=1)


class AgencySettings(BaseModel):
    """The callers of one agency; hours of None are those of [call_hours]. phone: where its tenants are put through to;
    None: the landlord's."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    callers: int = Field(default=1, ge=0)
    phone: str | None = None
    routine: tuple[tuple[str, str], ...] | None = None
    alert: tuple[tuple[str, str], ...] | None = None


class Speech(BaseModel):
    """How calls by the machine sound. Older people need it slow, and time to find the key."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    voices: dict[str, str] = {"fr": "Polly.Lea-Neural", "en": "Polly.Amy-Neural"}
    rate_percent: int = Field(default=85, ge=50, le=150, description="of the voice's usual pace")
    pause_s: int = Field(default=1, ge=0, le=5, description="between two lines of a script")
    key_wait_s: int = Field(default=8, ge=3, le=30, description="for a key, after the question")
    repeats: int = Field(
        default=2, ge=0, le=3, description="so often the question is put once more, after the first time"
    )
    audio: dict[str, str] = Field(default={}, description="recordings in place of texts: LANGUAGE/KEY to a web address")

    @field_validator("audio")
    @classmethod
    def _recordings_have_addresses(cls, audio: dict[str, str]) -> dict[str, str]:
        wrong = [key for key, url in audio.items() if not url.startswith("https://")]
        if wrong:
            raise ValueError(
                _("« {key} » : donnez l'adresse https:// d'un enregistrement.").format(key=" », « ".join(sorted(wrong)))
            )
        return audio


class Sessions(BaseModel):
    """How long somebody stays signed in."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    idle_min: int = Field(default=60, ge=5, le=24 * 60, description="unused for so long, a session ends")
    whole_h: int = Field(default=12, ge=1, le=24 * 7, description="and after so long in any case")


class Smtp(BaseModel):
    """The mail server for referrals to partners. Without a host, nothing is ever mailed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(default="", description="the address that partners see and answer to")
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    ca_file: Path | None = Field(default=None, description="certificates of an authority of the landlord's own")


class Oidc(BaseModel):
    """Signing in through the organisation's own identity provider (OpenID Connect). Without an issuer, off."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    issuer: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    label: str = Field(default="", description="what the button says; else the landlord's name")
    scopes: str = "openid profile email"
    login_claim: str = Field(default="preferred_username", description="the claim that is the login here")
    create_accounts: bool = Field(default=False, description="make an account at the first sign-in, by the role claim")
    role_claim: str = Field(default="", description="claim with role names; empty: roles are kept here")
    agencies_claim: str = Field(default="", description="claim with agency codes; empty: kept here")
    roles: dict[str, Literal["caller", "operator", "admin"]] = {}
    passwords_allowed: bool = Field(default=True, description="false: nobody signs in with a password of ours")
    timeout_s: float = Field(default=5.0, gt=0, le=30)
    ca_file: Path | None = Field(default=None, description="certificates of an authority of the landlord's own")


class Sheets(BaseModel):
    """The call sheets that are made each morning, for the day on which the machines are down."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    morning: str = Field(
        default="07:30", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", description="when they are made; empty: not at all"
    )
    folder: Path | None = Field(default=None, description="where they are written too, out of reach of a failure here")
    keep_days: int = Field(default=2, ge=1, le=31, description="after so many days they are deleted: they name people")


class Routing(BaseModel):
    """How tasks find their callers, and when another agency's may help."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    lease_min: float = Field(default=15, gt=0, description="a claim without a heartbeat comes back after this")
    skipped_min: float = Field(default=60, ge=0, description="a caller is not offered again what they skipped")
    at_once: int = Field(default=3, ge=1, description="calls one caller may hold")
    urgent_waited_min: float = Field(default=5, ge=0, description="other agencies may help with a P0 after this")
    soon_waited_min: float = Field(default=60, ge=0, description="and with a P1")
    late_min: float = Field(default=30, ge=0, description="and with any task that is late by this")
    work_each_min: float = Field(default=120, gt=0, description="and when each caller present has more work than this")
