"""The planned town made real: its listing, its texts and senders, its phones, and its campaigns."""

import csv
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tomli_w

from sandbox.chaos.evidence import Terms
from sandbox.chaos.plan import Drive, Plan, Scale
from sandbox.twilio.control import Control
from worker import catalogue
from worker.domain.campaigns import AgeBand, Audience, Campaign, Kind, Level, SendWindow
from worker.rendering import Texts
from worker.settings_tables import Limits

HEADER = (
    *("N° locataire", "Nom", "Prénom", "Date de naissance", "Adresse", "Code postal", "Commune"),
    *("N° logement", "Code agence", "Agence", "Tél. fixe", "Portable"),
)
ASKS = "Essai {marker} : comment allez-vous ? Répondez 1 = tout va bien, 2 = appelez-moi."
TELLS = "Essai {marker} : buvez de l'eau, fermez les volets."
SENDERS: Mapping[str, dict[str, Any]] = {
    "court": {"address": "38000", "capability": "two_way", "segments_per_s": 0.0},
    "alpha": {"address": "Les Chalets", "capability": "one_way", "segments_per_s": 0.0},
    "paced": {"address": "Cadence", "capability": "one_way", "segments_per_s": 40.0},
    "voix": {"address": "+33939000001", "capability": "voice", "calls_per_s": 10.0, "calls_at_once": 20},
}
CONFIG, TEMPLATES = "config", "templates"  # below the home of the run
# Less than the proof takes that a text never left: what became of it is not known yet when patience ends.
RECEIPT_WAIT = timedelta(seconds=3)
# The shipped campaign that each one of the run is a quick form of.
SHIPPED = {
    (Kind.CHECK_IN, Level.NONE): "appel-courtoisie",
    (Kind.CHECK_IN, Level.YELLOW): "appel-courtoisie",
    (Kind.CHECK_IN, Level.ORANGE): "canicule-orange",
    (Kind.CHECK_IN, Level.RED): "canicule-rouge",
    (Kind.ADVICE, Level.NONE): "canicule-fin",
    (Kind.ADVICE, Level.YELLOW): "canicule-conseils",
    (Kind.ADVICE, Level.ORANGE): "confinement-conseils",
    (Kind.ADVICE, Level.RED): "confinement-conseils",
}
ALL_DAY = (("00:00", "23:59"),)
# Minutes before a number is rung again: seconds here.
AGAIN_MIN = (0.01, 0.03)
CALLS: Mapping[str, Any] = {
    "routine": ALL_DAY,
    "alert": ALL_DAY,
    "busy_min": AGAIN_MIN,
    "no_answer_min": AGAIN_MIN,
    "machine_min": AGAIN_MIN,
    "ask_after_s": 12,
}
SCRIPT = "heat_orange_check"
CALLS_FASTER = 15.0  # a call of a minute takes four seconds
OPEN = SendWindow(time(0, 0), time(23, 59))
# A window that closes does so at a full minute, this long after the launch at least: launches may be late by as much.
LATEST_LAUNCH = timedelta(seconds=20)
PROVIDER_IN_FLIGHT = 60
USUAL_LATENCY_MS = (150, 600)  # long enough for a text to be in the hands of who dies

# What the product waits for, shortened. The provider is slower than the timeout, and kinder than the margin.
QUICK: Mapping[str, object] = {
    "LIMITS__FAN_OUT_SLICE": 10,
    "LIMITS__TICK_S": 0.5,
    "LIMITS__LEASE_S": 5,
    "LIMITS__UNKNOWN_MARGIN_S": 2,
    "LIMITS__RECEIPT_POLL_AFTER_S": 5,
    "LIMITS__REPLIES_POLL_S": 5,
    "TWILIO__TIMEOUT_S": 2,
    "TWILIO__MAX_IN_FLIGHT": 40,
}


def noon(now: datetime) -> ZoneInfo:
    """A time zone in which it is around noon, so that no run meets midnight."""
    east = 12 - now.astimezone(UTC).hour
    return ZoneInfo("UTC" if not east else f"Etc/GMT{-east:+d}")


def settings(config: Path, templates: Path, zone: ZoneInfo) -> dict[str, str]:
    """The product's settings for the run, as COURTOISIE_ variables without the prefix."""
    known = {f"LIMITS__{name.upper()}" for name in Limits.model_fields}
    quick = {k: str(v) for k, v in QUICK.items() if not k.startswith("LIMITS__") or k in known}
    return quick | {"CONFIG_DIR": str(config), "TEMPLATES_DIR": str(templates), "TIMEZONE": str(zone)}


def write_files(plan: Plan, source: Path, home: Path) -> tuple[Path, Path]:
    """The configuration and the texts of the run, beside copies of the shipped ones; (config, templates)."""
    config, templates = home / CONFIG, home / TEMPLATES
    shutil.copytree(source / CONFIG, config)
    shutil.copytree(source / TEMPLATES, templates)
    path = config / "courtoisie.toml"
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    calls = {"senders": dict(SENDERS), "calls": written.get("calls", {}) | dict(CALLS)}
    path.write_text(tomli_w.dumps(written | calls), encoding="utf-8")
    for drive in plan.drives:
        for step in ("1", "2"):
            wording = (ASKS if drive.subject.check_in else TELLS).format(marker=f"{drive.key}-{step}")
            (templates / "sms" / "fr" / f"{drive.key}_{step}.txt").write_text(wording + "\n", encoding="utf-8")
    return config, templates


def write_listing(plan: Plan, path: Path) -> None:
    """One tenant of eighty-odd in each dwelling."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for number, home in enumerate(plan.homes, 1):
            mobile = f"0{home.number[3:]}" if home.number else ""
            fixed = f"0{home.landline[3:]}" if home.landline else ""
            address = (f"{number} rue des Lilas", "31500", "TOULOUSE", home.dwelling)
            person = (f"L{number:05}", f"ESSAI{number:05}", "Odette", "01/05/1942")
            writer.writerow((*person, *address, home.agency, f"Agence {home.agency}", fixed, mobile))


def set_up_provider(plan: Plan, control: Control, inbound_url: str) -> None:
    """Senders, phones and delays of the stand-in."""
    control.put_senders(*({"address": s["address"], "segments_per_s": 1000.0} for s in SENDERS.values()))
    control.settings(
        inbound_url=f"{inbound_url}#rc=5&rp=all",
        sent_delay_s=(0.1, 0.4),
        final_delay_s=(0.1, 0.8),
        latency_ms=USUAL_LATENCY_MS,
        max_in_flight=PROVIDER_IN_FLIGHT,
        call_speed=CALLS_FASTER,
        calls_per_s=SENDERS["voix"]["calls_per_s"],
    )
    control.put_callees({home.landline: home.manner for home in plan.homes if home.landline})
    for number, home in plan.by_number.items():
        control.put_phone(number, home.behaviour, answers=home.answers)


def shipped(home: Path) -> Mapping[str, Campaign]:
    """The campaigns of config/campaigns, by key."""
    return catalogue.read_all(home / CONFIG, senders={}, texts=Texts(home / TEMPLATES)).campaigns


def campaign(
    drive: Drive, scale: Scale, *, shipped: Mapping[str, Campaign], begins: datetime, zone: ZoneInfo
) -> Campaign:
    """The campaign of a drive, to be opened at its moment: a shipped one with quick times, some with another word on
    what becomes of a lost text."""
    check_in, level = drive.subject.check_in, Level(drive.subject.level)
    standing = shipped[SHIPPED[Kind.CHECK_IN if check_in else Kind.ADVICE, level]]
    return replace(
        standing,
        key=drive.key,
        title=f"Essai {drive.key}",
        level=level,
        sender=drive.sender,
        text=f"{drive.key}_1",
        audience=Audience(age_bands=(AgeBand(70),), agencies=(drive.subject.agency,) if drive.subject.agency else ()),
        window=_window(drive, begins, zone),
        void_after=timedelta(seconds=drive.void_after_s),
        reply_deadline=timedelta(seconds=scale.deadline_s) if check_in else None,
        reminder_text=f"{drive.key}_2" if drive.reminder else None,
        reminder_after=timedelta(seconds=scale.reminder_s) if drive.reminder else None,
        call_script=SCRIPT if check_in else None,
        call_after=None,
        call_window=OPEN,
        receipt_wait=RECEIPT_WAIT,
        resend_after_unknown=standing.resend_after_unknown if drive.resend is None else drive.resend,
    )


def terms(plan: Plan, drive: Drive, begins: datetime) -> Terms:
    """What the campaign of a drive promises, for the checker."""
    deadline_s = float(plan.scale.deadline_s) if drive.subject.check_in else None
    if not drive.closes:
        return Terms(plan.audience(drive), deadline_s)
    closes = _closing(drive, begins)
    return Terms(plan.audience(drive), deadline_s, (closes - timedelta(hours=6), closes))


def _window(drive: Drive, begins: datetime, zone: ZoneInfo) -> SendWindow:
    if not drive.closes:
        return OPEN
    closes = _closing(drive, begins).astimezone(zone)
    return SendWindow((closes - timedelta(hours=6)).time(), closes.time())


def _closing(drive: Drive, begins: datetime) -> datetime:
    """The next full minute that leaves time for a late launch."""
    earliest = begins + timedelta(seconds=drive.at_s) + LATEST_LAUNCH
    return earliest.replace(second=0, microsecond=0) + timedelta(minutes=1)
