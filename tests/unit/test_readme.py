"""The pages name what there is: commands with their options, settings with their defaults, targets, files."""

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel, SecretStr
from typer.core import TyperCommand, TyperGroup, TyperOption

from worker import cli
from worker.settings import Settings
from worker.settings_tables import AgencySettings, SenderSettings

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", "CONTRIBUTING.md", "docs/deployment.md", "docs/scaling.md", "docs/glossary.md", "docs/api.md"]
# Settings of which there may be several, under names of the operator's own.
TABLES = {"senders": (SenderSettings, "SENDERS__NAME__"), "agencies": (AgencySettings, "AGENCIES__CODE__")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def _page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _table(heading: str) -> list[list[str]]:
    """The cells of the table rows under a heading, without the header."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]


# ---- commands ----------------------------------------------------------------


def _program() -> TyperGroup:
    """The command line with what the sandbox adds to it."""
    plug_ins = typer.Typer()
    for plug_in in entry_points(group=cli.PLUG_INS):
        plug_ins.command(plug_in.name)(plug_in.load())
    group = typer.main.get_group(cli.cli)
    group.commands |= typer.main.get_group(plug_ins).commands
    return group


def _leaves(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _leaves(command, (*path, name))
        if not isinstance(command, TyperGroup) or command.invoke_without_command:
            yield " ".join((*path, name)), command


def _options(command: TyperCommand) -> set[str]:
    return {name for param in command.params if isinstance(param, TyperOption) for name in param.opts}


def _documented() -> dict[str, set[str]]:
    found = {}
    for usage in (cells[0].strip("`") for cells in _table("Commands")):
        path = re.match(r"courtoisie((?: [a-z][a-z-]*)+)", usage)
        assert path, usage
        found[path[1].strip()] = set(re.findall(r"--[\w-]+", usage))
    return found


def _typed() -> list[tuple[str, str]]:
    """(page, command line) of every `courtoisie …` that a page tells the reader to type."""
    line = re.compile(r"(?:(?:^|`|bin/)courtoisie|docker compose run .*?web) ([a-z]+[^`\n|]*)", re.MULTILINE)
    blocks = [(page, text) for page in PAGES for text in re.findall(r"```.*?```|`[^`\n]+`", _page(page), re.DOTALL)]
    return [(page, found.strip()) for page, text in blocks for found in line.findall(text)]


def test_the_readme_lists_every_command_with_its_options() -> None:
    assert _documented() == {name: _options(command) for name, command in _leaves(_program())}


@pytest.mark.parametrize(("page", "line"), _typed())
def test_each_command_that_a_page_shows_exists(page: str, line: str) -> None:
    commands = dict(_leaves(_program()))
    name = next((n for n in sorted(commands, key=len, reverse=True) if f"{line} ".startswith(f"{n} ")), None)

    assert name is not None
    assert set(re.findall(r"--[\w-]+", line)) <= _options(commands[name])


@pytest.mark.parametrize("page", PAGES)
def test_each_make_target_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"(?:^|`)(?:\w+=\S+ )*make ([a-z]+)", _page(page), re.MULTILINE))

    assert named <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


# ---- settings ----------------------------------------------------------------


def _known(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(name, default) of every setting, named as in the environment without its prefix."""
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from _known(type(default), f"{prefix}{name}__".upper())
        elif name in TABLES:
            yield from _known(*TABLES[name])
        else:
            yield f"{prefix}{name}".upper(), _shown(default)


def _shown(default: Any) -> str:
    if default is None or str(default) in {"", ".", "()", "{}"} or isinstance(default, SecretStr):
        return "–"
    if isinstance(default, dict):
        return ", ".join(f"{key}: {value}" for key, value in default.items()) or "–"
    if isinstance(default, tuple) and all(isinstance(one, int) for one in default):
        return "–".join(map(str, default))
    if isinstance(default, tuple):
        return ", ".join(f"{a}–{b}" for a, b in default)
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )


def test_the_readme_lists_every_setting_with_its_default() -> None:
    listed = {cells[0].split()[0].strip("`"): cells[1].strip("`") for cells in _table("Settings")}

    assert listed == dict(_known(Settings))


def test_the_readme_marks_the_secrets() -> None:
    marked = {cells[0].split()[0].strip("`") for cells in _table("Settings") if "(secret)" in cells[0]}

    assert marked == {"DATABASE_URL", "BROKER_URL", "SECRET_KEY", "SMTP__PASSWORD", "OIDC__CLIENT_SECRET"} | {
        f"TWILIO__{name}" for name in ("AUTH_TOKEN", "AUTH_TOKEN_SECONDARY", "API_KEY_SECRET")
    }


# ---- files -------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", _page(page))

    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_file_that_a_page_names_is_there(page: str) -> None:
    named = set(
        re.findall(r"`((?:worker|sandbox|config|templates|tests|docs|deploy|requirements)/[\w./-]+)`", _page(page))
    )
    made_up = {name for name in named if re.search(r"[A-Z]{4}", Path(name).name)}

    assert [name for name in sorted(named - made_up) if not (ROOT / name).exists()] == []
