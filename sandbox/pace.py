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
OPEN = {"opens": "00:00", "closes": "23:59"}


def quickened(config_dir: Path, target: Path, *, speed: float) -> Path:
    """Copies config/ to `target`, divides the campaigns' waits by `speed`, takes windows and paces off."""
    shutil.copytree(config_dir, target)
    for path in sorted((target / "campaigns").glob("*.toml")):
        _rewrite(path, lambda campaign: _campaign(campaign, speed))
    _rewrite(target / "courtoisie.toml", _settings)
    return target


def _campaign(campaign: dict[str, Any], speed: float) -> dict[str, Any]:
    waits: dict[str, Any] = {key: _divided(campaign[key], speed) for key in WAITS if key in campaign}
    if "ladder" in campaign:
        waits["ladder"] = [_step(step, speed) for step in campaign["ladder"]]
    return campaign | waits | {"window": OPEN, "void_after": "10h"}


def _step(step: dict[str, Any], speed: float) -> dict[str, Any]:
    return step | {"after": _divided(step["after"], speed)} if "after" in step else step


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    senders = {key: sender | {"segments_per_s": 0.0} for key, sender in settings["senders"].items()}
    limits = settings["limits"] | {"tick_s": 0.5}
    return settings | {"senders": senders, "limits": limits}


def _divided(duration: str, speed: float) -> str:
    seconds = sum(int(n) * UNIT_S[unit] for n, unit in re.findall(r"(\d+)\s*(s|min|h|d)", duration))
    return f"{max(1, round(seconds / speed))}s"


def _rewrite(path: Path, change: Any) -> None:
    path.write_text(tomli_w.dumps(change(tomllib.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
