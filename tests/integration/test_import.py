"""A listing meets the database: looked at, applied, applied again, and what only people know survives."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from tests import listings
from tests.listings import TODAY, tenant
from worker.domain import changes
from worker.domain.channels import Channel
from worker.domain.errors import BadListing, Refused
from worker.domain.listings import ProblemCode
from worker.services import importing
from worker.services.importing import ImportPlan
from worker.store import listing as store
from worker.store import listing_changes, people, schema
from worker.store.database import Database

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)


class Landlord:
    """Sends listings, one after the other, to one database."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.file = folder / "liste.csv"

    def plan(self, *rows: Sequence[str]) -> ImportPlan:
        listings.write(self.file, rows)
        return importing.plan(self.db, self.file, rules=listings.RULES, today=TODAY)

    def send(self, *rows: Sequence[str], allow_shrink: bool = True, now: datetime = NOW) -> ImportPlan:
        """Looks and applies. Both must say the same."""
        planned = self.plan(*rows)
        report = importing.apply(self.db, planned, allow_shrink=allow_shrink, max_vanished=0.2, today=TODAY, now=now)
        assert report.plan.counts() == planned.counts()
        assert report.plan.problems == planned.problems
        return report.plan

    def all(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.db.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def tenants(self) -> list[tuple[Any, ...]]:
        """(dwelling, household gone, last name, status), in order."""
        return self.all(
            """SELECT d.code, h.gone_at IS NOT NULL, t.last_name, t.status FROM tenant t
               JOIN household h ON h.id = t.household_id JOIN dwelling d ON d.id = h.dwelling_id
               ORDER BY d.code, t.id"""
        )

    def phones(self) -> list[tuple[Any, ...]]:
        """(dwelling, number, source, withdrawn, bad), in order."""
        return self.all(
            """SELECT d.code, p.e164, p.source, p.removed_at IS NOT NULL, p.bad_since IS NOT NULL FROM phone p
               JOIN household h ON h.id = p.household_id JOIN dwelling d ON d.id = h.dwelling_id ORDER BY p.id"""
        )


@pytest.fixture
def landlord(db: Database, tmp_path: Path) -> Landlord:
    return Landlord(db, tmp_path)


def changed(plan: ImportPlan) -> dict[str, tuple[int, int, int]]:
    return {kind: (c["new"], c["changed"], c["gone"]) for kind, c in plan.counts().items()}


NOTHING = {"tenants": (0, 0, 0), "households": (0, 0, 0), "phones": (0, 0, 0)}


def test_a_dry_run_changes_nothing(landlord: Landlord) -> None:
    found = landlord.plan(tenant(1), tenant(2))

    assert changed(found) == {"tenants": (2, 0, 0), "households": (2, 0, 0), "phones": (2, 0, 0)}
    assert landlord.tenants() == []


def test_the_sample_arrives_in_the_database_field_by_field(landlord: Landlord) -> None:
    sample = importing.plan(landlord.db, listings.SAMPLES / "locataires_cp1252.csv", rules=listings.RULES, today=TODAY)
    importing.apply(landlord.db, sample, allow_shrink=False, max_vanished=0.2, today=TODAY, now=NOW)

    assert landlord.all("SELECT code, name FROM agency ORDER BY code") == [
        ("01", "Agence Nord"),
        ("02", "Agence Ouest"),
        ("03", "Agence Est"),
        ("04", "Agence Sud"),
    ]
    assert landlord.all("SELECT name, folded_name, senior FROM residence ORDER BY name") == [
        ("CHALETS SENIORS DU LAC", "chalets seniors du lac", True),
        ("EUROPE", "europe", False),
        ("GAMBETTA", "gambetta", False),
        ("LES TILLEULS", "les tilleuls", False),
    ]
    assert landlord.all(
        """SELECT d.code, a.code, r.name, d.address, d.address_extra, d.postcode, d.commune, d.departement, d.adapted,
                  h.lives_alone, h.created_at, h.gone_at
           FROM dwelling d JOIN agency a ON a.id = d.agency_id JOIN residence r ON r.id = d.residence_id
           JOIN household h ON h.dwelling_id = d.id WHERE d.code IN ('TIL-A-014', 'GAM-0022') ORDER BY d.code"""
    ) == [
        (
            *("GAM-0022", "04", "GAMBETTA", "22 cours Gambetta", "", "09100", "PAMIERS", "09", False),
            "unknown",
            NOW,
            None,
        ),
        (
            *(
                "TIL-A-014",
                "01",
                "LES TILLEULS",
                "12 rue des Tilleuls",
                "Bât A appt 14",
                "31500",
                "TOULOUSE",
                "31",
                False,
            ),
            *("no", NOW, None),
        ),
    ]
    assert landlord.all(
        """SELECT erp_id, contract, civility, last_name, first_name, birth_date, birth_precision, role, language, email,
                  entered_on, left_on, status FROM tenant WHERE erp_id IN ('0022871', '0041101') ORDER BY erp_id"""
    ) == [
        (
            *("0022871", "C-1999-040", "M.", "GARCIA Y LOPEZ", "Benoît", date(1944, 12, 31), "year", "holder", "fr"),
            *("b.garcia@example.invalid", date(1999, 9, 15), None, "active"),
        ),
        (
            *("0041101", "C-2015-010", "Mme", "ROUX", "Yvette", None, "unknown", "holder", "fr", None),
            *(date(2015, 10, 10), None, "active"),
        ),
    ]
    assert landlord.all(
        """SELECT p.e164, p.kind, p.label, p.rank, p.source, t.first_name FROM phone p
           LEFT JOIN tenant t ON t.id = p.tenant_id ORDER BY p.e164"""
    ) == [
        ("+33536491001", "fixed", "self", 2, "import", None),
        ("+33536491002", "fixed", "self", 1, "import", "Benoît"),
        ("+33536491003", "fixed", "self", 2, "import", "Odette"),
        ("+33600001001", "mobile", "self", 1, "import", None),
        ("+33600001002", "mobile", "child", 2, "import", "Benoît"),
        ("+33600001004", "mobile", "self", 1, "import", "Odette"),
        ("+33612345678", "mobile", "self", 1, "import", "Zoé"),
    ]


@pytest.mark.parametrize("name", ["locataires_cp1252.csv", "difficile.csv"])
def test_importing_the_same_file_again_changes_nothing(db: Database, name: str) -> None:
    def send() -> ImportPlan:
        planned = importing.plan(db, listings.SAMPLES / name, rules=listings.RULES, today=TODAY)
        return importing.apply(db, planned, allow_shrink=False, max_vanished=0.2, today=TODAY, now=NOW).plan

    first, second = send(), send()

    assert changed(second) == NOTHING
    assert second.tenants.unchanged == first.tenants.new > 0
    assert second.phones.unchanged == first.phones.new > 0
    assert second.problems == first.problems


def test_each_import_is_remembered_by_the_digest_of_its_file(landlord: Landlord) -> None:
    plan = landlord.send(tenant(1))
    landlord.send(tenant(1))

    rows = landlord.all("SELECT file_digest, counts, applied_at FROM listing_import ORDER BY id")

    assert rows[0] == (plan.reading.digest, plan.counts(), NOW)
    assert len(rows) == 2


def test_who_left_is_kept_as_history_and_welcomed_back(landlord: Landlord) -> None:
    landlord.send(tenant(1), tenant(2))
    before = landlord.all("SELECT id FROM household ORDER BY id")

    landlord.send(tenant(1))
    away = landlord.tenants()
    landlord.send(tenant(1), tenant(2))

    assert away == [("TIL-0001", False, "NOM1", "active"), ("TIL-0002", True, "NOM2", "left")]
    assert landlord.tenants() == [("TIL-0001", False, "NOM1", "active"), ("TIL-0002", False, "NOM2", "active")]
    assert landlord.all("SELECT id FROM household ORDER BY id") == before
    assert landlord.all("SELECT left_on FROM tenant WHERE left_on IS NOT NULL") == []


def test_new_people_in_an_old_home_are_a_new_household_without_the_old_ones_holds(landlord: Landlord) -> None:
    landlord.send(tenant(1))
    with landlord.db.begin() as connection:
        people.hold(connection, [1], reason="absent", source="sms", until=NOW + timedelta(days=14), now=NOW)

    landlord.send(tenant(2, home="TIL-0001"))

    assert landlord.tenants() == [("TIL-0001", True, "NOM1", "left"), ("TIL-0001", False, "NOM2", "active")]
    assert landlord.all(
        "SELECT count(*) FROM hold o JOIN household h ON h.id = o.household_id WHERE h.gone_at IS NULL"
    ) == [(0,)]


def test_people_who_move_take_their_hold_and_their_corrected_number_along(landlord: Landlord) -> None:
    landlord.send(tenant(1), tenant(2))
    with landlord.db.begin() as connection:
        people.hold(connection, [1], reason="absent", source="sms", until=NOW + timedelta(days=14), now=NOW)
        connection.execute(
            insert(schema.phone).values(household_id=1, e164="+33600009999", kind="mobile", source="caller")
        )

    landlord.send(tenant(1, home="TIL-0002"), tenant(2, home="TIL-0001"))

    assert landlord.tenants() == [("TIL-0001", False, "NOM2", "active"), ("TIL-0002", False, "NOM1", "active")]
    assert landlord.all(
        """SELECT d.code, o.reason, p.e164 FROM hold o JOIN household h ON h.id = o.household_id
           JOIN dwelling d ON d.id = h.dwelling_id JOIN phone p ON p.household_id = h.id AND p.source = 'caller'"""
    ) == [("TIL-0002", "absent", "+33600009999")]


def test_refusals_holds_and_bad_numbers_survive_a_listing(landlord: Landlord) -> None:
    landlord.send(tenant(1), tenant(2))
    with landlord.db.begin() as connection:
        people.opt_out(connection, ["+33600010001"], channel=Channel.SMS, source="sms", now=NOW)
        people.hold(connection, [1], reason="absent", source="sms", until=NOW + timedelta(days=14), now=NOW)
        people.mark_bad(connection, [("+33600010002", "dead")], now=NOW)
        people.mark_not_mobile(connection, ["+33600010001"])

    landlord.send(tenant(1, name="NOM UN"), tenant(2, mobile=""))
    landlord.send(tenant(1), tenant(2))

    assert landlord.phones() == [
        ("TIL-0001", "+33600010001", "import", False, False),
        ("TIL-0002", "+33600010002", "import", False, True),
    ]
    assert landlord.all("SELECT kind FROM phone WHERE e164 = '+33600010001'") == [("fixed",)]
    assert landlord.all("SELECT count(*) FROM opt_out WHERE undone_at IS NULL") == [(1,)]
    assert landlord.all("SELECT count(*) FROM hold WHERE ended_at IS NULL") == [(1,)]


def test_a_number_corrected_by_a_caller_stands_against_the_listing(landlord: Landlord) -> None:
    landlord.send(tenant(1))
    with landlord.db.begin() as connection:
        connection.execute(update(schema.phone).values(bad_since=NOW, bad_reason="wrong_number"))
        connection.execute(
            insert(schema.phone).values(household_id=1, e164="+33600007777", kind="mobile", source="caller")
        )

    plan = landlord.send(tenant(1, mobile="06 00 00 88 88"))

    assert landlord.phones() == [
        ("TIL-0001", "+33600010001", "import", True, True),
        ("TIL-0001", "+33600007777", "caller", False, False),
    ]
    assert [(p.row, p.code) for p in plan.problems] == [(2, ProblemCode.PHONE_DIFFERS_FROM_CALLER)]


def test_the_dead_stay_dead_while_the_listing_lags_behind(landlord: Landlord) -> None:
    landlord.send(tenant(1), tenant(2))
    with landlord.db.begin() as connection:
        people.leave(connection, 1, status="deceased", now=NOW)
        people.leave(connection, 2, status="left", now=NOW)

    plan = landlord.send(tenant(1), tenant(2, home="TIL-0009"))

    assert ("TIL-0001", True, "NOM1", "deceased") in landlord.tenants()
    assert [p.code for p in plan.problems] == [ProblemCode.DECEASED_STILL_LISTED]
    assert ("TIL-0009", False, "NOM2", "active") in landlord.tenants()  # moved indeed: a new household elsewhere


def test_the_spouse_left_behind_is_no_longer_counted_as_two(landlord: Landlord) -> None:
    couple = [tenant(1), tenant(1, civility="M.", first="Noël", born="02/11/1935", role="Cotitulaire")]
    landlord.send(*couple)
    alone_before = landlord.all("SELECT lives_alone FROM household")

    landlord.send(couple[0])

    assert alone_before == [("no",)]
    assert landlord.all("SELECT lives_alone FROM household") == [("unknown",)]


def test_a_listing_with_too_few_people_is_refused_and_nothing_changes(landlord: Landlord) -> None:
    landlord.send(*(tenant(n) for n in range(10)))
    few = landlord.plan(*(tenant(n) for n in range(7)), tenant(77))

    with pytest.raises(Refused, match=r"3 locataires présents sur 10 \(30%\).*--allow-shrink"):
        importing.apply(landlord.db, few, allow_shrink=False, max_vanished=0.2, today=TODAY, now=NOW)

    assert {status for *_home, status in landlord.tenants()} == {"active"}
    assert len(landlord.tenants()) == 10
    assert landlord.all("SELECT count(*) FROM listing_import") == [(1,)]


def test_a_listing_at_the_limit_passes_and_insisting_always_does(landlord: Landlord) -> None:
    landlord.send(*(tenant(n) for n in range(10)))

    landlord.send(*(tenant(n) for n in range(8)), allow_shrink=False)
    landlord.send(tenant(0), allow_shrink=True)

    assert [status for *_home, status in landlord.tenants()].count("active") == 1


def test_a_failure_in_the_middle_leaves_nothing_half_done(landlord: Landlord) -> None:
    landlord.send(tenant(1))
    with landlord.db.begin() as connection:
        connection.execute(
            text(
                """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN RAISE EXCEPTION 'disk full'; END $$"""
            )
        )
        connection.execute(text("CREATE TRIGGER fail BEFORE INSERT ON phone EXECUTE FUNCTION fail()"))

    with pytest.raises(DBAPIError, match="disk full"):
        landlord.send(tenant(2))

    assert landlord.tenants() == [("TIL-0001", False, "NOM1", "active")]
    assert landlord.all("SELECT count(*) FROM dwelling") == [(1,)]


def test_an_error_never_quotes_a_tenant(landlord: Landlord) -> None:
    with landlord.db.begin() as connection:
        connection.execute(text("ALTER TABLE tenant ADD CHECK (last_name <> 'SECRET')"))

    with pytest.raises(DBAPIError) as failure:
        landlord.send(tenant(1, name="SECRET"))

    assert "0600010001" not in str(failure.value)
    assert "33600010001" not in str(failure.value)


def test_two_imports_at_once_wait_for_each_other(landlord: Landlord) -> None:
    rows = [tenant(n) for n in range(300)]
    planned = landlord.plan(*rows)

    def send(_turn: int) -> int:
        report = importing.apply(landlord.db, planned, allow_shrink=False, max_vanished=0.2, today=TODAY, now=NOW)
        return report.plan.tenants.new

    with ThreadPoolExecutor(4) as pool:
        new = sorted(pool.map(send, range(4)))

    assert new == [0, 0, 0, 300]
    assert landlord.all("SELECT count(*) FROM tenant") == [(300,)]


def test_what_a_caller_notes_while_an_import_is_deciding_stays(landlord: Landlord) -> None:
    """Between reading the roll and saving, a caller notes a death, a number, and adopts a listed one."""
    landlord.send(tenant(1), tenant(2), tenant(3), tenant(4))
    listing = landlord.plan(
        tenant(1, name="NOM UN"),
        tenant(2, mobile="06 00 00 55 55"),
        tenant(3, mobile=""),
        tenant(4, mobile="06 00 01 00 04 (fils)"),
    ).listing
    with landlord.db.begin() as connection:
        decided = changes.compare(listing.households, store.roll(connection))
    with landlord.db.begin() as connection:
        people.leave(connection, 1, status="deceased", now=NOW)
        connection.execute(
            insert(schema.phone).values(household_id=2, e164="+33600005555", kind="mobile", source="caller")
        )
        connection.execute(update(schema.phone).where(schema.phone.c.household_id.in_([3, 4])).values(source="caller"))

    with landlord.db.begin() as connection:
        listing_changes.save(connection, decided, today=TODAY, now=NOW)

    assert landlord.tenants()[0] == ("TIL-0001", True, "NOM1", "deceased")
    assert landlord.phones()[1:] == [
        ("TIL-0002", "+33600010002", "import", True, False),
        ("TIL-0003", "+33600010003", "caller", False, False),
        ("TIL-0004", "+33600010004", "caller", False, False),
        ("TIL-0002", "+33600005555", "caller", False, False),
    ]
    assert landlord.all("SELECT DISTINCT label FROM phone") == [("self",)]


def test_a_plan_made_long_ago_is_compared_anew(landlord: Landlord) -> None:
    old = landlord.plan(tenant(1), tenant(2))
    landlord.send(tenant(1))

    report = importing.apply(landlord.db, old, allow_shrink=False, max_vanished=0.2, today=TODAY, now=NOW)

    assert (report.plan.tenants.new, report.plan.tenants.unchanged) == (1, 1)


def test_a_file_without_a_tenant_is_refused(landlord: Landlord) -> None:
    with pytest.raises(BadListing, match="aucun locataire"):
        landlord.plan(["TOTAL", "0"])


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_a_town_an_import_always_settles(landlord: Landlord, seed: int) -> None:
    """People marry, move, swap homes, die, come back, change names and numbers: applying a listing makes the roll
    say what the listing says, and applying it again changes nothing."""
    chance = random.Random(seed)  # noqa: S311 - a seeded town

    for _month in range(6):
        rows = [_somebody(chance, n) for n in chance.sample(range(40), chance.randrange(10, 40))]
        landlord.send(*rows)
        again = landlord.plan(*rows)
        present = {h.dwelling.code for h in again.listing.households}

        assert changed(again) == NOTHING
        assert {code for code, gone, _name, status in landlord.tenants() if not gone and status == "active"} == present
        assert landlord.all("SELECT count(*) FROM tenant t JOIN household h ON h.id = t.household_id "
                            "WHERE t.status = 'active' AND h.gone_at IS NOT NULL") == [(0,)]  # fmt: skip


def _somebody(chance: random.Random, number: int) -> list[str]:
    return tenant(
        number,
        erp=chance.choice([f"{number:07}", f"{number:07}", str(number), ""]),
        name=chance.choice([f"NOM{number}", f"NOM{number}", f"AUTRE{number}", f"Nom-{number}"]),
        home=f"H-{chance.choice([number, number, number, chance.randrange(40)]):03}",
        born=chance.choice(["15/03/1938", "15/03/1938", "00/00/1938", "01/01/1900", "16/03/1938"]),
        mobile=chance.choice([f"06 00 01 {number:04}", "", f"06 00 01 {chance.randrange(40):04} (fils)"]),
        fixed=chance.choice(["", f"05 36 49 {number:04}"]),
        agency=chance.choice(["1", "01", "02"]),
        role=chance.choice(["Titulaire", "Cotitulaire", "Conjoint"]),
    )


@pytest.mark.parametrize("seed", range(3))
def test_whatever_callers_note_meanwhile_an_import_settles_and_forgets_none_of_it(
    landlord: Landlord, seed: int
) -> None:
    chance = random.Random(f"callers {seed}")  # noqa: S311 - a seeded town
    noted = "SELECT count(*) FROM phone WHERE source = 'caller' AND removed_at IS NULL"
    settled = "SELECT count(*) FROM tenant WHERE status_source = 'caller'"

    for month in range(6):
        rows = [_somebody(chance, n) for n in chance.sample(range(40), chance.randrange(20, 40))]
        landlord.send(*rows)
        _callers_at_work(landlord, chance, month)
        before = landlord.all(f"SELECT ({noted}), ({settled})")
        landlord.send(*rows)

        assert changed(landlord.plan(*rows)) == NOTHING
        assert landlord.all(f"SELECT ({noted}), ({settled})") == before


def _callers_at_work(landlord: Landlord, chance: random.Random, month: int) -> None:
    present = [id_ for (id_,) in landlord.all("SELECT id FROM household WHERE gone_at IS NULL ORDER BY id")]
    with landlord.db.begin() as connection:
        for place, household_id in enumerate(chance.sample(present, 6)):
            if place < 3:
                people.leave(connection, household_id, status=chance.choice(["left", "deceased"]), now=NOW)
                continue
            number = f"+3360009{month}{household_id:03}"
            values = {"household_id": household_id, "e164": number, "kind": "mobile", "source": "caller"}
            connection.execute(insert(schema.phone).values(values))
            people.mark_bad(connection, [(f"+3360001{household_id:04}", "dead")], now=NOW)


def test_a_hold_of_a_household_that_never_moved_stays_where_it_is(landlord: Landlord) -> None:
    landlord.send(tenant(1))
    with landlord.db.begin() as connection:
        people.hold(connection, [1], reason="absent", source="sms", until=NOW + timedelta(days=14), now=NOW)

    landlord.send(tenant(1, name="NOM CORRIGÉ"))

    with landlord.db.begin() as connection:
        assert connection.execute(select(schema.hold.c.household_id)).scalars().all() == [1]
