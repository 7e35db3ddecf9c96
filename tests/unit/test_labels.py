"""Every code that an operator or caller may see has a French word."""

from enum import StrEnum

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
from worker.labels import LABELS, label

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
