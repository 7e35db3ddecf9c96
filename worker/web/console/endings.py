"""How a call may end: the buttons of the card with their keys, and which fields belong to which ending."""

from worker.domain.outcomes import RULES, OutcomeCode
from worker.i18n import _
from worker.services.calls import Said
from worker.web.console.visit import Visit

# One key each, in the order of how often a call ends so.
OUTCOMES: tuple[tuple[str, tuple[tuple[OutcomeCode, str], ...]], ...] = (
    (
        _("La personne a répondu"),
        (
            (OutcomeCode.REACHED_OK, "1"),
            (OutcomeCode.REACHED_NEED, "2"),
            (OutcomeCode.REACHED_URGENT, "3"),
            (OutcomeCode.REACHED_OK_PROXY, "4"),
            (OutcomeCode.CALL_LATER, "5"),
            (OutcomeCode.REFUSED_TODAY, "6"),
            (OutcomeCode.LANGUAGE, "l"),
            (OutcomeCode.REFUSED_ALWAYS, "x"),
        ),
    ),
    (
        _("Personne au bout du fil"),
        (
            (OutcomeCode.NO_ANSWER, "7"),
            (OutcomeCode.VOICEMAIL, "8"),
            (OutcomeCode.BUSY, "9"),
            (OutcomeCode.WRONG_NUMBER, "m"),
            (OutcomeCode.NOT_IN_SERVICE, "a"),
        ),
    ),
    (
        _("Le foyer a changé"),
        (
            (OutcomeCode.ABSENT, "v"),
            (OutcomeCode.HOSPITAL, "h"),
            (OutcomeCode.MOVED, "p"),
            (OutcomeCode.DECEASED, "d"),
            (OutcomeCode.UNREACHABLE, "u"),
        ),
    ),
)
URGENT = frozenset({OutcomeCode.REACHED_URGENT})
FIRST = frozenset({OutcomeCode.REACHED_OK})


def groups() -> list[dict[str, object]]:
    """The buttons, as the card shows them."""
    return [
        {
            "name": name,
            "codes": [{"code": c, "key": key, "urgent": c in URGENT, "first": c in FIRST} for c, key in codes],
        }
        for name, codes in OUTCOMES
    ]


def chosen(visit: Visit) -> OutcomeCode | None:
    """The button that was pressed: an ending, or an hour to ring again."""
    if visit.said("later"):
        return OutcomeCode.CALL_LATER
    said = visit.said("outcome")
    return OutcomeCode(said) if said in set(OutcomeCode) else None


def fitting(visit: Visit, outcome: OutcomeCode) -> Said:
    """Only what belongs to this outcome: the other fields of the card are there whatever the ending."""
    rule = RULES[outcome]
    return Said(
        number=visit.said("number") or None if rule.bad_number else None,
        at=(visit.said("later") or visit.said("at")).replace("T", " ") or None if rule.takes_hour else None,
        tenant=visit.said("tenant") or None if rule.tenants_become is not None else None,
    )
