"""What the sample listings say, field by field."""

from dataclasses import replace
from datetime import date

import pytest

from tests import listings
from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.listings import (
    Birth,
    ListedDwelling,
    ListedHousehold,
    ListedPhone,
    ListedTenant,
    Listing,
    Precision,
    Problem,
    ProblemCode,
    Role,
)

SELF, CHILD, SPOUSE = PhoneLabel.SELF, PhoneLabel.CHILD, PhoneLabel.SPOUSE
MOBILE, FIXED, FOREIGN = PhoneKind.MOBILE, PhoneKind.FIXED, PhoneKind.FOREIGN


def day(*parts: int) -> Birth:
    return Birth(date(*parts), Precision.DAY)


HOME = ListedDwelling(
    code="TIL-A-014",
    agency_code="01",
    agency_name="Agence Nord",
    residence="LES TILLEULS",
    senior=False,
    address="12 rue des Tilleuls",
    address_extra="Bât A appt 14",
    postcode="31500",
    commune="TOULOUSE",
    insee_code=None,
    departement="31",
    building=None,
    staircase=None,
    floor=None,
    adapted=None,
)
FRANCOISE = ListedTenant(
    row=3,
    erp_id="0012345",
    contract="C-2003-118",
    civility="Mme",
    last_name="LEFÈVRE",
    first_name="Françoise",
    birth=day(1938, 3, 15),
    role=Role.HOLDER,
    language=None,
    email=None,
    entered_on=date(2003, 4, 1),
    left_on=None,
    identity="12345|lefevre francoise|1938-03-15",
)
EXPECTED = (
    ListedHousehold(
        HOME,
        (
            FRANCOISE,
            replace(
                FRANCOISE,
                row=4,
                civility="M.",
                last_name="LEFEVRE",
                first_name="Noël",
                birth=day(1935, 11, 2),
                role=Role.CO_HOLDER,
                identity="12345|lefevre noel|1935-11-02",
            ),
        ),
        (
            ListedPhone("+33600001001", MOBILE, SELF, 1, None, 3, "Portable"),
            ListedPhone("+33536491001", FIXED, SELF, 2, None, 3, "Tél. fixe"),
        ),
    ),
    ListedHousehold(
        replace(
            HOME,
            code="LAC-0003",
            agency_code="02",
            agency_name="Agence Ouest",
            residence="CHALETS SENIORS DU LAC",
            senior=True,
            address="3 allée du Lac",
            address_extra="",
            postcode="31770",
            commune="COLOMIERS",
        ),
        (
            replace(
                FRANCOISE,
                row=5,
                erp_id="0022871",
                contract="C-1999-040",
                civility="M.",
                last_name="GARCIA Y LOPEZ",
                first_name="Benoît",
                birth=Birth(date(1944, 12, 31), Precision.YEAR),
                email="b.garcia@example.invalid",
                entered_on=date(1999, 9, 15),
                identity="22871|garcia y lopez benoit|1944",
            ),
        ),
        (
            ListedPhone("+33536491002", FIXED, SELF, 1, "22871|garcia y lopez benoit|1944", 5, "Tél. fixe"),
            ListedPhone("+33600001002", MOBILE, CHILD, 2, "22871|garcia y lopez benoit|1944", 5, "Tél. fixe"),
        ),
    ),
    ListedHousehold(
        replace(
            HOME,
            code="EUR-2-031",
            agency_code="03",
            agency_name="Agence Est",
            residence="EUROPE",
            address="8 bis, av. de l'Europe",
            address_extra="esc. 2; 3e étage",
            postcode="82000",
            commune="MONTAUBAN",
            departement="82",
        ),
        (
            replace(
                FRANCOISE,
                row=6,
                erp_id="0030412",
                contract="C-2011-377",
                civility="Mlle",
                last_name="D'ARTIGUES",
                first_name="Zoé",
                birth=day(1950, 7, 1),
                entered_on=date(2011, 2, 1),
                identity="30412|d artigues zoe|1950-07-01",
            ),
        ),
        (ListedPhone("+33612345678", MOBILE, SELF, 1, "30412|d artigues zoe|1950-07-01", 6, "Portable"),),
    ),
    ListedHousehold(
        replace(
            HOME,
            code="GAM-0021",
            agency_code="04",
            agency_name="Agence Sud",
            residence="GAMBETTA",
            address="21 cours Gambetta",
            address_extra="",
            postcode="09100",
            commune="PAMIERS",
            departement="09",
        ),
        (
            replace(
                FRANCOISE,
                row=7,
                erp_id="0041100",
                contract="C-2015-009",
                last_name="DUPONT veuve MARTIN",
                first_name="Odette",
                birth=day(1934, 12, 31),
                entered_on=date(2015, 10, 10),
                identity="41100|dupont veuve martin odette|1934-12-31",
            ),
        ),
        (
            ListedPhone("+33600001004", MOBILE, SELF, 1, "41100|dupont veuve martin odette|1934-12-31", 7, "Portable"),
            ListedPhone("+33536491003", FIXED, SELF, 2, "41100|dupont veuve martin odette|1934-12-31", 7, "Tél. fixe"),
        ),
    ),
    ListedHousehold(
        replace(
            HOME,
            code="GAM-0022",
            agency_code="04",
            agency_name="Agence Sud",
            residence="GAMBETTA",
            address="22 cours Gambetta",
            address_extra="",
            postcode="09100",
            commune="PAMIERS",
            departement="09",
        ),
        (
            replace(
                FRANCOISE,
                row=8,
                erp_id="0041101",
                contract="C-2015-010",
                last_name="ROUX",
                first_name="Yvette",
                birth=Birth(None, Precision.UNKNOWN),
                entered_on=date(2015, 10, 10),
                identity="41101|roux yvette|",
            ),
        ),
        (),
    ),
)
PROBLEMS = (
    Problem(7, ProblemCode.PHONE_UNREADABLE, "Portable"),
    Problem(8, ProblemCode.BIRTH_MISSING, "Date de naissance"),
    Problem(8, ProblemCode.NO_PHONE),
    Problem(8, ProblemCode.PHONE_REPEATED_DIGIT, "Tél. fixe"),
    Problem(9, ProblemCode.LEFT, "Date sortie"),
    Problem(10, ProblemCode.COMPANY, "Nom"),
)


@pytest.mark.parametrize(
    ("name", "encoding", "separator"),
    [
        ("locataires_cp1252.csv", "cp1252", ";"),
        ("locataires_utf8bom.csv", "utf-8-sig", ";"),
        ("locataires_utf16_tab.txt", "utf-16", "\t"),
    ],
)
def test_the_same_listing_in_three_encodings_says_the_same(name: str, encoding: str, separator: str) -> None:
    listing = listings.read(listings.SAMPLES / name)

    assert listing.households == EXPECTED
    assert listing.problems == PROBLEMS
    assert (listing.reading.kind, listing.reading.encoding, listing.reading.separator) == ("csv", encoding, separator)
    assert (listing.reading.header_row, listing.reading.rows, listing.reading.ignored_headers) == (2, 9, ())
    assert listing.reading.accented == (
        (3, "LEFÈVRE Françoise"),
        (4, "LEFEVRE Noël"),
        (5, "GARCIA Y LOPEZ Benoît"),
    )


@pytest.fixture(scope="module")
def hard() -> Listing:
    return listings.read(listings.SAMPLES / "difficile.csv")


def by_code(listing: Listing) -> dict[str, ListedHousehold]:
    return {h.dwelling.code: h for h in listing.households}


def test_a_hard_listing_keeps_everybody_who_lives_there(hard: Listing) -> None:
    assert {code: [t.first_name for t in h.tenants] for code, h in by_code(hard).items()} == {
        "M-1": ["Jean et Odette"],
        "M-2": ["Zoé", "Luis"],
        "LOC-000105": ["Noël"],
        "M-8": ["Jean"],
    }


def test_a_hard_listing_says_of_each_row_what_is_wrong_with_it(hard: Listing) -> None:
    assert hard.problems == (
        Problem(6, ProblemCode.BIRTH_MISSING, "Né(e) le"),
        Problem(6, ProblemCode.COUPLE_IN_ONE_ROW, "Civ."),
        Problem(7, ProblemCode.PHONE_LOST, "GSM"),
        Problem(9, ProblemCode.BIRTH_MISSING, "Né(e) le"),
        Problem(9, ProblemCode.DUPLICATE),
        Problem(11, ProblemCode.NOT_A_HOME, "Type de logement"),
        Problem(12, ProblemCode.GUARANTOR, "Type occupant"),
        Problem(13, ProblemCode.DWELLING_NAMED_BY_TENANT, "Module"),
        Problem(13, ProblemCode.PHONE_FOREIGN, "Téléphones"),
        Problem(13, ProblemCode.PHONE_REPEATED_DIGIT, "Téléphones"),
        Problem(13, ProblemCode.ROLE_UNKNOWN, "Type occupant"),
        Problem(14, ProblemCode.NO_TENANT, "Nom d'usage"),
        Problem(15, ProblemCode.DWELLING_MISSING, "Module"),
        Problem(16, ProblemCode.LEFT, "Congé"),
        Problem(17, ProblemCode.BIRTH_IMPLAUSIBLE, "Né(e) le"),
    )


def test_a_hard_listing_is_read_under_its_titles_and_names_what_it_does_not_use(hard: Listing) -> None:
    assert (hard.reading.header_row, hard.reading.encoding, hard.reading.separator) == (5, "utf-8", ";")
    assert hard.reading.ignored_headers == ("Solde dû",)


def test_a_couple_in_one_row_is_one_household_that_does_not_live_alone(hard: Listing) -> None:
    home = by_code(hard)["M-1"]

    assert home.lives_alone == "no"
    assert home.tenants[0].civility == "M. et Mme"
    assert (home.dwelling.senior, home.dwelling.adapted, home.dwelling.agency_code) == (True, True, "04")
    assert [(p.e164, p.label) for p in home.phones] == [("+33536490011", SELF), ("+33600010011", CHILD)]


def test_two_rows_of_one_person_are_one_tenant_with_both_numbers(hard: Listing) -> None:
    home = by_code(hard)["M-2"]

    assert [(t.last_name, t.birth.key, t.role, t.language) for t in home.tenants] == [
        ("BERGÉ", "1944", Role.HOLDER, "es"),
        ("BERGÉ", "1950-07-01", Role.SPOUSE, None),
    ]
    assert [(p.e164, p.owner) for p in home.phones] == [
        ("+33600010013", "102|berge zoe|1944"),
        ("+33600010012", "102|berge luis|1950-07-01"),
    ]
    assert home.dwelling.departement == "2A"
    assert home.dwelling.address == '2 rue B Résidence "Le Clos"'
    assert home.dwelling.address_extra == "esc. 2; 3e"


def test_a_tenant_without_a_dwelling_code_is_kept_under_the_tenants_number(hard: Listing) -> None:
    home = by_code(hard)["LOC-000105"]

    assert home.tenants[0].last_name == "D'ARTIGUES"
    assert home.tenants[0].birth == day(1935, 11, 2)
    assert home.tenants[0].left_on == date(2099, 12, 31)
    assert home.dwelling.agency_code == "04"  # known by its name from the other rows
    assert (home.dwelling.postcode, home.dwelling.departement) == ("08100", "08")
    assert [(p.e164, p.kind) for p in home.phones] == [("+34612345678", FOREIGN)]


def test_who_leaves_today_is_still_a_tenant(hard: Listing) -> None:
    home = by_code(hard)["M-8"]

    assert home.tenants[0].left_on == date(2026, 7, 8)
    assert [p.e164 for p in home.phones] == ["+33600010018", "+33600010019"]
    assert home.dwelling.adapted is True
