"""The directory of partners: who there is, described with care, offered where they serve."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from worker.domain import partners as domain
from worker.domain import referrals
from worker.domain.errors import NotFilledIn, NotFound, Refused
from worker.domain.folding import fold
from worker.domain.partners import Partner, PartnerKind, Place
from worker.domain.referrals import ReferralReason
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing
from worker.services.auditing import Action
from worker.store import partners as rows
from worker.store.database import Connection, Database
from worker.store.partners import Entry

NAME_MOST, WORDS_MOST, PLACES_MOST = 120, 200, 400
_PHONE = re.compile(r"\+?\d[\d .()/-]{1,30}")
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_INSEE = re.compile(r"(\d{2}|2[AB])\d{3}")
_POSTCODE = re.compile(r"\d{5}")


def listed(db: Database) -> list[Partner]:
    """The whole directory, those that are closed last."""
    with db.begin() as connection:
        return rows.everybody(connection)


def get(db: Database, partner_id: int) -> Partner:
    """One partner. Raises NotFound."""
    with db.begin() as connection:
        return found(connection, partner_id)


def found(connection: Connection, partner_id: int) -> Partner:
    """The same in the caller's transaction."""
    partner = rows.one(connection, partner_id)
    if partner is None:
        raise NotFound(_("Aucun partenaire n° {id}.").format(id=partner_id), command="courtoisie partner list")
    return partner


def suggested(db: Database, place: Place, reasons: Iterable[ReferralReason]) -> list[Partner]:
    """Whom to propose to a household that lives there and has these needs, the likeliest first."""
    return domain.suggested(listed(db), place, referrals.kinds_for(reasons))


def add(db: Database, entry: Entry, *, by: Person, now: datetime) -> int:
    """A new partner's id. Raises NotFilledIn with a sentence for each field; Refused when it is there already."""
    described = checked(entry)
    with db.begin() as connection:
        made = rows.add(connection, described, now=now)
        if made is None:
            raise NotFilledIn({"name": _taken(described)})
        auditing.note(connection, by, Action.EDITED, "directory", [made], now=now)
        return made


def change(db: Database, partner_id: int, entry: Entry, *, by: Person, now: datetime) -> None:
    """Replaces what is known of a partner. Raises NotFound, NotFilledIn."""
    described = checked(entry)
    with db.begin() as connection:
        found(connection, partner_id)
        if not rows.change(connection, partner_id, described, now=now):
            raise NotFilledIn({"name": _taken(described)})
        auditing.note(connection, by, Action.EDITED, "directory", [partner_id], now=now)


def close(db: Database, partner_id: int, *, by: Person, now: datetime) -> None:
    """Not offered any more; referrals that are under way go on. Raises NotFound."""
    with db.begin() as connection:
        found(connection, partner_id)
        rows.close(connection, partner_id, now=now)
        auditing.note(connection, by, Action.EDITED, "directory", [partner_id], now=now)


def reopen(db: Database, partner_id: int, *, by: Person, now: datetime) -> None:
    """Offered again. Raises NotFound."""
    with db.begin() as connection:
        found(connection, partner_id)
        rows.reopen(connection, partner_id)
        auditing.note(connection, by, Action.EDITED, "directory", [partner_id], now=now)


def take_over(db: Database, entries: Sequence[Entry], *, apply: bool, by: Person, now: datetime) -> dict[str, int]:
    """A directory from a file: adds who is new and brings the others up to date, by kind and name; closes nobody.

    Returns how many are new, changed, unchanged; writes only if `apply`. The entries are checked.
    """
    with db.begin() as connection:
        known = {(p.kind, fold(p.name)): p for p in rows.everybody(connection)}
        counts = {"new": 0, "changed": 0, "unchanged": 0}
        for entry in entries:
            held = known.get((entry.kind, entry.folded_name))
            fate = "new" if held is None else "unchanged" if entry_of(held) == entry else "changed"
            counts[fate] += 1
            if apply and fate != "unchanged":
                _take(connection, entry, held, by=by, now=now)
        return counts


def _take(connection: Connection, entry: Entry, held: Partner | None, *, by: Person, now: datetime) -> None:
    if held is None:
        partner_id = rows.add(connection, entry, now=now)
    else:
        partner_id = held.id
        rows.change(connection, held.id, entry, now=now)
    auditing.note(connection, by, Action.IMPORTED, "directory", [partner_id], now=now)


def entry_of(partner: Partner) -> Entry:
    """What is known of a partner, as somebody would describe it."""
    return Entry(**{name: getattr(partner, name) for name in Entry.__dataclass_fields__})


def checked(entry: Entry) -> Entry:
    """The entry tidied up. Raises NotFilledIn, with all that is wrong."""
    tidy = replace(
        entry,
        name=entry.name.strip(),
        phone=entry.phone.strip(),
        email=entry.email.strip(),
        hours=entry.hours.strip(),
        out_of_hours=entry.out_of_hours.strip(),
        insee_codes=_each(entry.insee_codes),
        postcodes=_each(entry.postcodes),
        communes=_each(entry.communes),
    )
    wrong = {field: said for field, said in _faults(tidy).items() if said}
    if wrong:
        raise NotFilledIn(wrong)
    return tidy


def _faults(entry: Entry) -> Mapping[str, str]:
    """field -> what is wrong with it, empty where nothing is."""
    return {
        "name": _if(not 1 <= len(entry.name) <= NAME_MOST or not entry.folded_name, _("Donnez un nom, court.")),
        "phone": _if(
            bool(entry.phone) and not _PHONE.fullmatch(entry.phone),
            _("Ce n'est pas un numéro : écrivez par exemple 05 36 49 00 20."),
        )
        or _if(
            not entry.phone and not entry.email and entry.kind is not PartnerKind.DOCTOR_SELF,
            _("Donnez un téléphone ou un e-mail : sans eux, personne ne peut joindre ce partenaire."),
        ),
        "email": _if(bool(entry.email) and not _EMAIL.fullmatch(entry.email), _("Ce n'est pas une adresse e-mail.")),
        "email_ok": _if(entry.email_ok and not entry.email, _("L'accord pour l'e-mail demande une adresse.")),
        "hours": _if(
            len(entry.hours) > WORDS_MOST, _("C'est trop long : {most} signes au plus.").format(most=WORDS_MOST)
        ),
        "out_of_hours": _if(
            len(entry.out_of_hours) > WORDS_MOST, _("C'est trop long : {most} signes au plus.").format(most=WORDS_MOST)
        ),
        "insee_codes": _odd(entry.insee_codes, _INSEE, _("« {code} » n'est pas un code INSEE de commune (31555).")),
        "postcodes": _odd(entry.postcodes, _POSTCODE, _("« {code} » n'est pas un code postal (31000).")),
        "communes": _if(
            len(entry.communes) > PLACES_MOST
            or any(len(name) > NAME_MOST or not fold(name) for name in entry.communes),
            _("Ces communes ne se lisent pas : une par ligne."),
        ),
    }


def _if(is_wrong: bool, said: str) -> str:
    return said if is_wrong else ""


def _odd(codes: Sequence[str], form: re.Pattern[str], said: str) -> str:
    odd = next((code for code in codes if not form.fullmatch(code)), None)
    if len(codes) > PLACES_MOST:
        return _("Trop de codes : {most} au plus.").format(most=PLACES_MOST)
    return "" if odd is None else said.format(code=odd[:20])


def _each(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in written if word.strip()))


def _taken(entry: Entry) -> str:
    return _("« {name} » est déjà dans l'annuaire.").format(name=entry.name)


def refuse_closed(partner: Partner) -> None:
    """Raises Refused for a partner that is not offered any more."""
    if partner.is_closed:
        raise Refused(_("« {name} » n'est plus dans l'annuaire : choisissez-en un autre.").format(name=partner.name))
