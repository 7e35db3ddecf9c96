"""The shipped configuration, quickened: the same campaigns with shorter waits, open at any hour."""

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

# What a person or a carrier waits for. void_after and replies_accepted_for stay: a large event needs its time.
WAITS = ("reply_deadline", "reminder_after", "call_after", "receipt_wait")
UNIT_S: Mapping[str, int] = {"s": 1, "min": 60, "h": 3600, "d": 86400}
EVERY_DAY = ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"]
OPEN = {"opens": "00:00", "closes": "23:59", "weekdays": EVERY_DAY, "on_holidays": True}
ALL_DAY = [["00:00", "23:59"]]
# The machine's line, on a number of the kind that France keeps for such calls. Many at once: nobody has all day.
VOICE = {"address": "+33939000001", "capability": "voice", "calls_per_s": 25.0, "calls_at_once": 50}
# setting of [calls] -> minutes that are waited for before the next call
PAUSES = {"busy_min": (10, 30), "no_answer_min": (30, 60), "machine_min": (60, 90)}


def quickened(config_dir: Path, target: Path, *, speed: float) -> Path:
    """Copies config/ to `target`, divides the campaigns' waits by `speed`, takes windows and paces off, and gives the
    machine a line to call on."""
    shutil.copytree(config_dir, target)
    for path in sorted((target / "campaigns").glob("*.toml")):
        _rewrite(path, lambda campaign: _campaign(campaign, speed))
    _rewrite(target / "courtoisie.toml", lambda settings: _settings(settings, speed))
    return target


def _campaign(campaign: dict[str, Any], speed: float) -> dict[str, Any]:
    waits: dict[str, Any] = {key: _divided(campaign[key], speed) for key in WAITS if key in campaign}
    if "ladder" in campaign:
        waits["ladder"] = [_step(step, speed) for step in campaign["ladder"]]
    return campaign | waits | {"window": OPEN, "call_window": OPEN, "void_after": "10h"}


def _step(step: dict[str, Any], speed: float) -> dict[str, Any]:
    return step | {"after": _divided(step["after"], speed)} if "after" in step else step


def _settings(settings: dict[str, Any], speed: float) -> dict[str, Any]:
    senders = {key: sender | {"segments_per_s": 0.0} for key, sender in settings["senders"].items()}
    limits = settings["limits"] | {"tick_s": 0.5}
    pauses = {name: [minutes / speed for minutes in usual] for name, usual in PAUSES.items()}
    calls = settings.get("calls", {}) | {"routine": ALL_DAY, "alert": ALL_DAY} | pauses
    return settings | {"senders": senders | {"voix": VOICE}, "limits": limits, "calls": calls}


def _divided(duration: str, speed: float) -> str:
    seconds = sum(int(n) * UNIT_S[unit] for n, unit in re.findall(r"(\d+)\s*(s|min|h|d)", duration))
    return f"{max(1, round(seconds / speed))}s"


def _rewrite(path: Path, change: Any) -> None:
    path.write_text(tomli_w.dumps(change(tomllib.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
