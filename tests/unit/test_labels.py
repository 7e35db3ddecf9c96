"""Every code that an operator or caller may see has a French word."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from worker.domain.callbacks import SCORE_CODES, TaskReason, TaskState
from worker.domain.campaigns import EventState, Kind, Level
from worker.domain.messages import MessageState
from worker.domain.occasions import ScheduleState
from worker.domain.outcomes import OutcomeCode
from worker.domain.partners import PartnerKind
from worker.domain.recipients import Reason, RecipientState
from worker.domain.referrals import Consent, ReferralReason, ReferralState, SendingOutcome, Shared, Urgency, Via
from worker.domain.replies import Intent
from worker.domain.reports import Happening, NextStep
from worker.domain.rungs import Rung
from worker.labels import LABELS, LANGUAGES, WORDS, label, language
from worker.web.console.records import AUDIT_KINDS

ROOT = Path(__file__).parents[2]

SHOWN = (
    RecipientState,
    Reason,
    TaskReason,
    TaskState,
    Intent,
    OutcomeCode,
    EventState,
    ScheduleState,
    MessageState,
    Kind,
    Level,
    Happening,
    NextStep,
    Rung,
    PartnerKind,
    ReferralState,
    ReferralReason,
    Urgency,
    Consent,
    Shared,
    Via,
    SendingOutcome,
)


@pytest.mark.parametrize("closed_list", SHOWN, ids=lambda c: c.__name__)
def test_every_value_of_a_closed_list_has_a_label(closed_list: type[StrEnum]) -> None:
    assert [value for value in closed_list if value not in LABELS] == []


@pytest.mark.parametrize("code", [*SCORE_CODES, "P0", "P1", "P2", "P3"])
def test_every_part_of_a_score_and_every_band_has_a_label(code: str) -> None:
    assert code in LABELS


def test_no_label_is_kept_for_a_code_that_is_gone() -> None:
    known = {str(value) for closed_list in SHOWN for value in closed_list} | set(SCORE_CODES) | {"P0", "P1", "P2", "P3"}

    assert {str(code) for code in LABELS} <= known


def test_a_code_without_a_label_shows_itself() -> None:
    assert label("later") == "later"


def test_every_language_that_a_listing_may_name_has_a_name() -> None:
    listing = tomllib.loads((ROOT / "config" / "listing.toml").read_text(encoding="utf-8"))

    assert set(listing["languages"]) <= set(LANGUAGES)
    assert (language("pt"), language("so")) == ("portugais", "so")


def test_every_kind_of_object_in_the_audit_log_can_be_asked_for_by_its_word() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "worker").rglob("*.py")]
    written = {kind for source in sources for kind in re.findall(r'Action\.[A-Z_]+,\s+"([a-z]+)"', source)}

    assert written == set(AUDIT_KINDS)
    assert [kind for kind in AUDIT_KINDS if kind not in WORDS] == []
