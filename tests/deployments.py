"""A deployment to spoil: the shipped settings, campaigns and texts, copied."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from sandbox.pace import OPEN
from worker.settings import Settings

ROOT = Path(__file__).parents[1]


def copy_to(folder: Path) -> Path:
    """Copies config/ and templates/ into a folder, and returns it."""
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def open_at_any_hour(config: Path) -> None:
    """The campaigns in a copied config/ write at any hour of any day: a test may be run at night, or on a Sunday."""
    for path in (config / "campaigns").glob("*.toml"):
        campaign = tomllib.loads(path.read_text(encoding="utf-8"))
        path.write_text(tomli_w.dumps(campaign | {"window": OPEN, "call_window": OPEN}), encoding="utf-8")


def settings_in(folder: Path, **changed: Any) -> Settings:
    """The settings written in a folder, some of them changed."""
    path = folder / "config" / "courtoisie.toml"
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    return Settings(**written | changed, config_dir=folder / "config", templates_dir=folder / "templates")
