"""The demo, as a newcomer runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def test_the_demo_accounts_for_every_household_and_ends_by_itself(tmp_path: Path) -> None:
    account = tmp_path / "account.json"

    done = subprocess.run(
        [sys.executable, "-m", "worker", "demo", "--households", "60", "--exit", "--json", str(account)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(account.read_text(encoding="utf-8"))
    recipients = figures["recipients"]
    assert figures["problems"] == []
    assert figures["state"] == "settled"
    assert recipients["unaccounted"] == 0
    assert sum(recipients["by_state"].values()) == recipients["total"] > 0
    assert recipients["by_state"]["callback"] == figures["callback_tasks"]["open"] == figures["callback_list"]["open"]
    assert figures["calls"]["total"] > 0
    assert figures["calls"]["under_way"] == 0
    assert "Un de ces appels, tel qu'il a été entendu" in done.stdout
    assert "Le compte de tous les foyers" in done.stdout
