"""A town with partners: referrals are made, moved and chased, and looked at in the rows."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.partners import PartnerKind
from worker.domain.referrals import Consent, ReferralReason, ReferralState, Shared, Via
from worker.domain.roles import Person, Role
from worker.services import chasing, partnering, referring
from worker.services.referring import Agreed, Need
from worker.store.partners import Entry

LUCIE = Person(7, "lucie", Role.CALLER)
OLGA = Person(8, "olga", Role.OPERATOR)
VERBAL = Agreed(Consent.VERBAL)
_names = count(1)


@dataclass
class Office:
    """A landlord's desk for referrals, on the town's clock."""

    town: Town
    by: Person = field(default_factory=lambda: LUCIE)

    def partner(self, kind: PartnerKind = PartnerKind.CCAS, **what: Any) -> int:
        entry = Entry(**{"kind": kind, "name": f"CCAS de Belleville {next(_names)}", "phone": "05 36 49 00 20"} | what)
        return partnering.add(self.town.db, entry, by=OLGA, now=self.town.now)

    def draft(self, home: builders.Household, partner: int | None = None, **what: Any) -> int:
        chosen = self.partner() if partner is None else partner
        need = Need(home.id, chosen, **{"reasons": (ReferralReason.GROCERIES,)} | what)
        return referring.draft(self.town.db, need, by=self.by, now=self.town.now)

    def consent(self, referral: int, agreed: Agreed = VERBAL) -> None:
        referring.consent(self.town.db, referral, agreed, by=self.by, now=self.town.now)

    def hand_over(self, referral: int, via: Via = Via.PHONE) -> None:
        referring.hand_over(self.town.db, referral, via, by=self.by, desk=DESK, now=self.town.now)

    def move(self, referral: int, to: ReferralState, note: str = "") -> None:
        referring.move(self.town.db, referral, to, note=note, by=self.by, desk=DESK, now=self.town.now)

    def sent(self, home: builders.Household, **what: Any) -> int:
        """A referral in the partner's hands."""
        made = self.draft(home, **what)
        self.consent(made, Agreed(Consent.VERBAL, shared=(Shared.PHONE,)))
        self.hand_over(made)
        return made

    def tick(self, **later: float) -> int:
        self.town.now += timedelta(**later)
        return chasing.chase(self.town.db, desk=DESK, now=self.town.now)

    def row(self, referral: int) -> dict[str, Any]:
        return next(dict(row) for row in self.town.rows("referral") if row["id"] == referral)

    def reasons(self, home: builders.Household) -> list[str]:
        """Of the household's open call."""
        task = self.town.task(home)
        return [] if task is None else list(task["reasons"])  # type: ignore[call-overload]

    def close_call(self, home: builders.Household) -> None:
        """Whoever rang them said all is well."""
        with self.town.db.begin() as connection:
            connection.execute(
                text(
                    "UPDATE callback_task SET state = 'done', closed_at = :now, claimed_by = NULL "
                    "WHERE household_id = :id AND state IN ('open', 'claimed')"
                ),
                {"id": home.id, "now": self.town.now},
            )

    def forgotten(self) -> list[int]:
        """Open referrals that nobody will look at again."""
        return [int(str(r["id"])) for r in self.town.rows("referral") if not r["closed_at"] and not r["next_check"]]
