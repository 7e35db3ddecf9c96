"""What people do with a text that asks how they are: the closed list of behaviours, and each one's words and delays.

The words are the kind seen in French care programmes: short, in any case, with typing slips, sometimes a small letter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MINUTE, HOUR = 60.0, 3600.0


class Behaviour(StrEnum):
    """What a phone does."""

    FINE = "fine"
    HELP = "help"
    FREE_TEXT = "free_text"
    EMERGENCY = "emergency"
    SILENT = "silent"
    UNTIL_REMINDER = "until_reminder"
    LATE = "late"
    TWICE = "twice"
    COUPLE = "couple"
    STOP = "stop"
    ARRET = "arret"
    WRONG_NUMBER = "wrong_number"
    ABSENT = "absent"
    LANDLINE = "landline"
    DEAD = "dead"
    NO_RECEIPT = "no_receipt"
    OPTED_OUT = "opted_out"


# A heatwave day in a town of the south-west. Landlines are told by their number, not drawn.
DEFAULT_MIX: Mapping[Behaviour, float] = {
    Behaviour.FINE: 0.50,
    Behaviour.HELP: 0.07,
    Behaviour.FREE_TEXT: 0.08,
    Behaviour.EMERGENCY: 0.005,
    Behaviour.SILENT: 0.11,
    Behaviour.UNTIL_REMINDER: 0.06,
    Behaviour.LATE: 0.03,
    Behaviour.TWICE: 0.02,
    Behaviour.COUPLE: 0.02,
    Behaviour.STOP: 0.01,
    Behaviour.ARRET: 0.005,
    Behaviour.WRONG_NUMBER: 0.015,
    Behaviour.ABSENT: 0.02,
    Behaviour.DEAD: 0.03,
    Behaviour.NO_RECEIPT: 0.015,
    Behaviour.OPTED_OUT: 0.01,
}

FINE = ("1", "1", "1", "1.", "1 !", "Oui", "oui tout va bien", "Oui tout va bien", "Tout va bien", "OK", "Ça va", "👍")
HELP = ("2", "2", "2.", "rappelez moi svp", "Rappelez-moi s'il vous plaît", "J'ai besoin d'aide", "appelez moi", "Deux")
LETTER = (
    "Bonjour, c'est gentil de demander. L'ascenseur est encore en panne depuis lundi et à 84 ans je ne peux plus "
    "descendre mes cinq étages. J'ai de l'eau mais plus beaucoup à manger, la voisine est partie chez sa sœur et "
    "mon aide à domicile ne revient que jeudi. Bien à vous, Mme Lefèvre"
)
FREE_TEXT = (
    "non",
    "1 2",
    "1 mais je dors très mal",
    "Pas terrible, le ventilateur ne marche plus",
    "Qui va me faire les courses cette semaine ?",
    "J'ai très chaud la nuit, heureusement mon fils vient demain matin avec un ventilateur.",
    LETTER,
    "Ca va pas trop mais bon",
)
EMERGENCY = ("malaise", "Je suis tombée", "au secours", "je respire mal", "15")

SOON, HALF_DAY = (2 * MINUTE, 90 * MINUTE), (5 * HOUR, 9 * HOUR)
NEXT = (1 * MINUTE, 15 * MINUTE)
Turn = tuple[tuple[str, ...], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Habit:
    """The texts a person writes in turn, each chosen from its list after a delay between two bounds (seconds after
    the one before). answers_every: 2 for who reacts to every second text only."""

    turns: tuple[Turn, ...] = ()
    answers_every: int = 1


HABITS: Mapping[Behaviour, Habit] = {
    Behaviour.FINE: Habit(((FINE, SOON),)),
    Behaviour.HELP: Habit(((HELP, SOON),)),
    Behaviour.FREE_TEXT: Habit(((FREE_TEXT, SOON),)),
    Behaviour.EMERGENCY: Habit(((EMERGENCY, SOON),)),
    Behaviour.SILENT: Habit(),
    Behaviour.UNTIL_REMINDER: Habit(((FINE, SOON),), answers_every=2),
    Behaviour.LATE: Habit(((FINE, HALF_DAY),)),
    Behaviour.TWICE: Habit(((FINE, SOON), (FINE, NEXT))),
    Behaviour.COUPLE: Habit(((("1", "Oui"), SOON), (("2 pour mon mari", "Mon mari aussi va bien"), NEXT))),
    Behaviour.STOP: Habit(((("STOP", "Stop", "stop"), SOON),)),
    Behaviour.ARRET: Habit(((("ARRET", "Arrêt", "arret svp"), SOON),)),
    Behaviour.WRONG_NUMBER: Habit(((("Mauvais numéro", "C'est une erreur", "Qui est-ce ?"), SOON),)),
    Behaviour.ABSENT: Habit(((("Je suis en vacances", "absente jusqu'au 15/08", "Je suis chez ma fille"), SOON),)),
    Behaviour.LANDLINE: Habit(),
    Behaviour.DEAD: Habit(),
    Behaviour.NO_RECEIPT: Habit(((FINE, SOON),)),
    Behaviour.OPTED_OUT: Habit(),
}

CHOICE = re.compile(r"\b1\s*=")
INVITATION = re.compile(r"\b(répondez|repondez|reply)\b[^.]*\b1\b", re.IGNORECASE)
THANKS = re.compile(r"\b(merci|thank)", re.IGNORECASE)


def asks_for_reply(body: str) -> bool:
    """Whether a text asks how the person is, as against an acknowledgement that merely names a key to press."""
    return bool(CHOICE.search(body)) or (bool(INVITATION.search(body)) and not THANKS.search(body))
