"""Codes, départements, names, civilities, roles: small words of a listing, one table each."""

from pathlib import Path

import pytest

from worker.domain.errors import BadDefinition
from worker.domain.folding import fold, without_leading_zeros
from worker.domain.listings import ProblemCode, Role
from worker.listing import codes, people, rules

CONFIG = Path(__file__).parents[2] / "config"
RULES = rules.load(CONFIG)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("N° Locataire", "n locataire"),
        ("N°LOCATAIRE", "n locataire"),
        ("Né(e) le", "ne e le"),
        ("Tél. fixe", "tel fixe"),
        ("  Code   agence ", "code agence"),
        ("LEFÈVRE", "lefevre"),
        ("sœur", "soeur"),
        ("D’ARTIGUES", "d artigues"),
        ("Łódź", "lodz"),
        ("", ""),
        ("---", ""),
    ],
)
def test_folding_keeps_letters_and_digits_alone(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(("code", "bare"), [("0012345", "12345"), ("000", "0"), ("0A1", "0A1"), ("", ""), ("7", "7")])
def test_lost_zeros_do_not_tell_codes_apart(code: str, bare: str) -> None:
    assert without_leading_zeros(code) == bare


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0012345", "0012345"),
        (" TIL-A-014 ", "TIL-A-014"),
        ("31500.0", "31500"),
        ("31500,0", "31500"),
        ("1.5", "1.5"),
        ("#N/A", ""),
        ("a \u200b b", "a b"),
        ("100", "100"),
    ],
)
def test_codes_are_text_and_keep_their_zeros(cell: str, code: str) -> None:
    assert codes.clean(cell) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [("4", "04"), ("04", "04"), ("4.0", "04"), ("004", "04"), ("12", "12"), ("sud", "SUD"), ("", ""), ("0", "00")],
)
def test_agency_4_and_04_are_the_same(cell: str, code: str) -> None:
    assert codes.agency(cell, width=2) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("31500", "31500"),
        ("9100", "09100"),
        ("09100", "09100"),
        ("9100.0", "09100"),
        ("31 500", "31500"),
        ("", ""),
        ("315", None),
        ("F-31500", None),
        ("315000", None),
    ],
)
def test_a_postcode_gets_its_zero_back(cell: str, code: str | None) -> None:
    assert codes.postcode(cell) == code


@pytest.mark.parametrize(
    ("insee", "postcode", "departement"),
    [
        ("31555", "31500", "31"),
        (None, "09100", "09"),
        ("09225", "", "09"),
        ("32013", "31230", "32"),  # a commune that has a neighbour's postcode
        (None, "20000", "2A"),
        (None, "20137", "2A"),
        (None, "20200", "2B"),
        (None, "20600", "2B"),
        ("2A004", "20000", "2A"),
        ("2B033", "20200", "2B"),
        (None, "97410", "974"),
        (None, "98800", "988"),
        (None, "", None),
    ],
)
def test_the_departement_comes_from_the_insee_code_first(
    insee: str | None, postcode: str, departement: str | None
) -> None:
    assert codes.departement(insee, postcode) == departement


@pytest.mark.parametrize(
    ("cell", "code"),
    [("9225", "09225"), ("2a004", "2A004"), ("31555.0", "31555"), ("Toulouse", None), ("", None), ("123", None)],
)
def test_an_insee_code_is_five_characters_or_nothing(cell: str, code: str | None) -> None:
    assert codes.insee(cell) == code


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("  D’ARTIGUES ", "D'ARTIGUES"),
        ("N´GUYEN", "N'GUYEN"),
        ("DUPONT veuve MARTIN", "DUPONT veuve MARTIN"),
        ("Marie-\u200bThérèse", "Marie-Thérèse"),
        ("DE\xa0LA  TOUR", "DE LA TOUR"),
        ("Zoe\u0308", "Zoë"),
    ],
)
def test_names_are_kept_as_written_but_for_their_typing(cell: str, name: str) -> None:
    assert people.name(cell) == name


@pytest.mark.parametrize(
    ("cell", "civility"),
    [
        ("M.", "M."), ("M", "M."), ("Mr", "M."), ("Monsieur", "M."),
        ("Mme", "Mme"), ("MADAME", "Mme"), ("Mlle", "Mlle"), ("Melle", "Mlle"),
        ("MME/M.", "couple"), ("M. et Mme", "couple"), ("M. ou Mme", "couple"),
        ("SARL", "company"), ("Sté", "company"), ("", ""), ("Dr", ""),
    ],
)  # fmt: skip
def test_civilities_come_down_to_a_few(cell: str, civility: str) -> None:
    assert people.civility(cell, RULES) == civility


@pytest.mark.parametrize(
    ("last_name", "first_name", "title", "reason"),
    [
        ("INDIVISION BERGÉ", "", "", ProblemCode.COMPANY),
        ("INDIVISION BERGÉ", "Jean", "M.", ProblemCode.COMPANY),
        ("Succession DUPONT", "Odette", "", ProblemCode.COMPANY),
        ("SARL LES LILAS", "", "", ProblemCode.COMPANY),
        ("LES LILAS", "", "company", ProblemCode.COMPANY),
        ("CCAS de Muret", "", "", ProblemCode.COMPANY),
        ("VACANT", "", "", ProblemCode.VACANT),
        ("Logement vacant", "", "", ProblemCode.VACANT),
        ("LIBRE", "Jean", "M.", None),
        ("CABINET", "Jean", "M.", None),
        ("COMMUNE", "", "Mme", None),
        ("SARLAT", "", "", None),
        ("DUPONT", "", "", None),
    ],
)
def test_companies_estates_and_empty_homes_are_no_tenants(
    last_name: str, first_name: str, title: str, reason: ProblemCode | None
) -> None:
    assert people.no_tenant(last_name=last_name, first_name=first_name, title=title, rules=RULES) is reason


@pytest.mark.parametrize(
    ("cell", "role", "problem"),
    [
        ("Titulaire", Role.HOLDER, None),
        ("", Role.HOLDER, None),
        ("CO-TITULAIRE", Role.CO_HOLDER, None),
        ("Colocataire", Role.CO_HOLDER, None),
        ("Conjointe", Role.SPOUSE, None),
        ("Épouse", Role.SPOUSE, None),
        ("Occupant", Role.OCCUPANT, None),
        ("Garant", Role.OCCUPANT, ProblemCode.GUARANTOR),
        ("Caution solidaire", Role.OCCUPANT, ProblemCode.GUARANTOR),
        ("Cousin", Role.OCCUPANT, ProblemCode.ROLE_UNKNOWN),
    ],
)
def test_roles_are_read_and_guarantors_told_apart(cell: str, role: Role, problem: ProblemCode | None) -> None:
    assert people.role(cell, RULES) == (role, problem)


@pytest.mark.parametrize(
    ("typology", "home"),
    [
        ("T3", True), ("Type 2", True), ("", True), ("T3 avec garage", True), ("Maison + garage", True),
        ("GARAGE", False), ("Garage double", False), ("Box", False), ("Place de parking", False),
        ("Local commercial", False), ("Commerce", False), ("Cave", False), ("Boxer", True),
    ],
)  # fmt: skip
def test_a_garage_is_no_home_but_a_home_may_have_one(typology: str, home: bool) -> None:
    assert people.is_home(typology, RULES) is home


@pytest.mark.parametrize(
    ("name", "senior"),
    [
        ("CHALETS SENIORS DU LAC", True),
        ("Chalets Séniors - Les Pins", True),
        ("Les Rives, résidence autonomie", True),
        ("LES TILLEULS", False),
        ("LES SENIORITAS", False),
    ],
)
def test_senior_residences_are_known_by_patterns_of_the_configuration(name: str, senior: bool) -> None:
    assert RULES.is_senior(name) is senior


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('holder = ["titulaire"', 'tenant = ["titulaire"', "clé inconnue : tenant"),
        ('spouse = ["conjoint"', 'spouse = ["titulaire", "conjoint"', "titulaire"),
        ("code_width = 2", "code_width = 0", "code_width"),
        ("[columns]", "[columns", "TOML"),
        ('email = ["E-mail"', 'fax = ["Fax"]\nemail = ["E-mail"', "fax"),
        ('language = ["Langue"', 'language = ["Nom", "Langue"', "nom"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(tmp_path: Path, was: str, now: str, says: str) -> None:
    written = (CONFIG / "listing.toml").read_text(encoding="utf-8")
    assert was in written
    (tmp_path / "listing.toml").write_text(written.replace(was, now), encoding="utf-8")

    with pytest.raises(BadDefinition, match=r"listing\.toml") as refusal:
        rules.load(tmp_path)

    assert says in str(refusal.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match=r"listing\.toml"):
        rules.load(tmp_path)
