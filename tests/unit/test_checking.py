"""The check: nothing wrong in what we ship, and every spoilt thing told with its remedy."""

import json
from pathlib import Path

import pytest

from tests.deployments import copy_to, settings_in
from worker.cli import checking as command
from worker.domain.problems import Problem, Weight
from worker.services import checking


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    return copy_to(tmp_path)


def write(deployment: Path, path: str, text: str) -> None:
    (deployment / path).write_text(text, encoding="utf-8")


def told(deployment: Path, file: str, **changed: object) -> list[Problem]:
    """What is said of one file."""
    return [p for p in checking.problems(settings_in(deployment, **changed)) if p.file == file]


def test_nothing_is_wrong_with_what_we_ship(deployment: Path) -> None:
    report = checking.report(settings_in(deployment))

    assert report.problems == []
    assert len(report.lines) == 56
    assert set(report.campaigns) == {
        "appel-courtoisie",
        "canicule-conseils",
        "canicule-fin",
        "canicule-orange",
        "canicule-rouge",
        "confinement-conseils",
    }


# File, what is written there, key, weight, what is wrong, remedy.
TEXTS = [
    ("fr/heat_end", "Un numéro : {{ telephone }}", "telephone", Weight.ERROR, "n'aura pas de valeur", "bailleur, date"),
    ("fr/heat_end", "{{ partenaire }}", "partenaire", Weight.ERROR, "n'aura pas de valeur", "Variables possibles"),
    ("fr/heat_end", "{{ tel", "heat_end", Weight.ERROR, "templates/sms/fr/heat_end.txt:1 : modèle illisible", ""),
    ("fr/heat_end", "\n", "heat_end", Weight.ERROR, "le texte est vide", ""),
    ("fr/heat_end", "a" * 307, "heat_end", Weight.ERROR, "3 segments (307 unités en GSM-7)", "Raccourcissez"),
    ("fr/heat_end", "ê" * 135, "heat_end", Weight.ERROR, "3 segments (135 unités en UCS-2)", "« ê » par « e »"),
    (
        "fr/heat_end",
        "Être là, ça",
        "heat_end",
        Weight.NOTICE,
        "« Ê », « ç » impose",
        "« Ê » par « E ». Remplacez « ç »",
    ),
    ("fr/heat_end", "À 👍", "heat_end", Weight.NOTICE, "« À », « 👍 »", "Retirez « 👍 »."),
    ("fr/heat_end", "a" * 161, "heat_end", Weight.NOTICE, "2 segments (161 unités)", "En dessous de 161"),
    ("fr/heat_end", "Voir www.chalets.fr", "heat_end", Weight.ERROR, "« www. » ressemble à un lien", "Retirez-le"),
    ("fr/heat_end", "Payez 3 €", "heat_end", Weight.ERROR, "parle d'argent", "Retirez-le"),
    ("en/heat_end", "Send us the code", "heat_end", Weight.ERROR, "demande un code", "Retirez-le"),
    ("en/alone", "Hello", "alone", Weight.ERROR, "manque en français", "supprimez ses traductions"),
    ("fr/alone", "Bonjour", "alone", Weight.NOTICE, "n'est pas traduit", "Traduisez-le"),
]


@pytest.mark.parametrize("case", TEXTS, ids=[f"{t[0]}: {t[1][:20].strip()}" for t in TEXTS])
def test_a_spoilt_text_is_told_with_its_remedy(deployment: Path, case: tuple[str, str, str, Weight, str, str]) -> None:
    path, text, key, weight, wrong, remedy = case
    write(deployment, f"templates/sms/{path}.txt", text)
    found = next(p for p in checking.problems(settings_in(deployment)) if p.key == key)

    assert (found.weight, found.file.startswith("templates/sms/")) == (weight, True)
    assert wrong in found.wrong
    assert remedy in found.remedy


def test_a_text_the_program_sends_by_itself_must_be_there(deployment: Path) -> None:
    for language in ("fr", "en"):
        (deployment / f"templates/sms/{language}/ack_help.txt").unlink()

    assert [p.remedy for p in told(deployment, "templates/sms/fr/ack_help.txt")] == [
        "Le programme l'envoie : écrivez-le."
    ]


def test_a_long_landlord_is_measured_with_its_own_name(deployment: Path) -> None:
    landlord = {"name": "Résidences du Grand Sud-Ouest", "phone": "05 36 49 00 01"}
    problems = checking.problems(settings_in(deployment, landlord=landlord))

    assert {p.key for p in problems} > {"ack_help", "heat_yellow_advice"}
    assert {p.weight for p in problems} == {Weight.NOTICE}


def test_the_longest_words_are_those_of_the_calendar(deployment: Path) -> None:
    landlord = settings_in(deployment).landlord
    french, english = (checking.longest(landlord, "referral_ok", language) for language in ("fr", "en"))

    assert [len(french[name]) for name in ("jour", "date", "quand")] == [
        len("mercredi"),
        len("mer. 24/09"),
        len("aujourd'hui avant 18h"),
    ]
    assert (english["jour"], english["quand"]) == ("Wednesday", "Wednesday afternoon")
    assert french["partenaire"] == "la Maison des Solidarités"


# What is changed in the settings, key, weight, what is wrong, remedy.
SETTINGS = [
    ({"landlord": {"name": " "}}, "landlord.name", Weight.ERROR, "vide", "que les locataires connaissent"),
    ({"landlord": {"phone": "l'agence"}}, "landlord.phone", Weight.ERROR, "n'est pas un numéro", "05 36 49 00 01"),
    ({"timezone": "Paris"}, "timezone", Weight.ERROR, "« Paris »", "Europe/Paris"),
    ({"call_hours": {"routine": [["12:00", "9h"]]}}, "call_hours.routine", Weight.ERROR, "lisibles", "dans l'ordre"),
    ({"call_hours": {"alert": [["19:00", "09:00"]]}}, "call_hours.alert", Weight.ERROR, "lisibles", "dans l'ordre"),
    ({"call_hours": {"alert": []}}, "call_hours.alert", Weight.ERROR, "vides", "dans l'ordre"),
]


@pytest.mark.parametrize("case", SETTINGS, ids=[s[1] for s in SETTINGS])
def test_a_spoilt_setting_is_told_with_its_remedy(
    deployment: Path, case: tuple[dict[str, object], str, Weight, str, str]
) -> None:
    changed, key, weight, wrong, remedy = case
    found = told(deployment, "config/courtoisie.toml", **changed)

    assert [(p.key, p.weight) for p in found] == [(key, weight)]
    assert wrong in found[0].wrong
    assert remedy in found[0].remedy


# An address, and what the check finds wrong with it.
ADDRESSES = [
    ("https://appels.chalets.example", ""),
    ("https://chalets.example/courtoisie/", ""),
    ("http://127.0.0.1:8000", ""),
    ("https://[::1]:8000", ""),
    ("foo", "commence par https://"),
    ("appels.chalets.example", "commence par https://"),
    ("ftp://chalets.example", "commence par https://"),
    ("https://", "commence par https://"),
    ("https://les_chalets.example", "commence par https://"),
    ("https://les chalets.example", "commence par https://"),
    ("https://chalets.example:port", "n'est pas une adresse"),
    ("https://[chalets.example", "n'est pas une adresse"),
    ("https://user:secret@chalets.example", "nom d'utilisateur"),
    ("https://chalets.example/?a=1", "« ? »"),
    ("https://chalets.example/#a", "« # »"),
]


@pytest.mark.parametrize(("address", "wrong"), ADDRESSES)
def test_an_address_the_provider_cannot_call_is_told(deployment: Path, address: str, wrong: str) -> None:
    found = told(deployment, "environnement", public_url=address, twilio={"account_sid": "AC1"})

    assert [p.key for p in found] == (["COURTOISIE_PUBLIC_URL"] if wrong else [])
    assert all(wrong in p.wrong and "secret" not in str(p) for p in found)


@pytest.mark.parametrize(("account", "keys"), [("", []), ("AC1", ["COURTOISIE_PUBLIC_URL"])])
def test_an_account_without_an_address_to_call_is_told(deployment: Path, account: str, keys: list[str]) -> None:
    found = told(deployment, "environnement", twilio={"account_sid": account})

    assert [p.key for p in found] == keys


REAL = {"account_sid": "AC1"}
STAND_IN = REAL | {"api_url": "http://127.0.0.1:8001"}
OURS = {"name": "Habitat 31", "phone": "05 61 00 00 00"}
# The provider's settings, the landlord's, keys that real tenants would read as examples.
EXAMPLES = [
    (REAL, {}, ["landlord.name", "landlord.phone"]),
    (REAL, OURS, []),
    (REAL, OURS | {"phone": "+33 (0)5 36 49 12 34"}, ["landlord.phone"]),
    (REAL, OURS | {"name": "Les Chalets"}, []),
    (REAL, {"examples_allowed": True}, []),
    (STAND_IN, {}, []),
    ({}, {}, []),
]


@pytest.mark.parametrize(("twilio", "landlord", "keys"), EXAMPLES)
def test_examples_that_real_tenants_would_read_are_told_and_do_not_fail_the_check(
    deployment: Path, twilio: dict[str, str], landlord: dict[str, object], keys: list[str]
) -> None:
    found = told(deployment, "config/courtoisie.toml", twilio=twilio, landlord=landlord)

    assert [(p.key, p.weight) for p in found] == [(key, Weight.NOTICE) for key in keys]
    assert all("landlord.examples_allowed" in p.remedy for p in found)


# Address, capability, whether a messaging service, key words of the remedy; none when all is well.
SENDERS = [
    ("38000", "two_way", False, ""),
    ("+33937000001", "two_way", False, ""),
    ("Les Chalets", "one_way", False, ""),
    ("MG" + "0" * 32, "one_way", True, ""),
    ("MG" + "0" * 32, "two_way", True, "numéro court du service"),
    ("Les Chalets", "two_way", False, "un nom ne reçoit pas de réponse"),
    ("Les Chalets de l'Occitanie", "one_way", False, "11 lettres"),
    ("Résidence", "one_way", False, "sans accent"),
    ("", "two_way", False, "numéro court"),
    ("0937000001", "two_way", False, "+33123456789"),
    ("38000", "one_way", True, "commence par MG"),
    ("+33612345678", "two_way", False, "Demandez un numéro court"),
]


@pytest.mark.parametrize(("address", "capability", "service", "remedy"), SENDERS)
def test_a_sender_that_cannot_work_is_told(
    deployment: Path, address: str, capability: str, *, service: bool, remedy: str
) -> None:
    senders = settings_in(deployment).model_dump()["senders"]
    senders["neuf"] = {"address": address, "capability": capability, "messaging_service": service}
    found = told(deployment, "config/courtoisie.toml", senders=senders)

    assert [p.key for p in found] == ["senders.neuf.address"] * bool(remedy)
    assert all(remedy in p.remedy for p in found)


def test_a_misspelt_heading_of_the_settings_is_told(deployment: Path) -> None:
    path = deployment / "config" / "courtoisie.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[landlord]", "[landlrod]"), encoding="utf-8")

    assert [(p.key, p.remedy) for p in told(deployment, "config/courtoisie.toml")] == [
        ("landlrod", "Vouliez-vous « landlord » ?")
    ]


def test_without_texts_the_check_says_so(deployment: Path) -> None:
    settings = settings_in(deployment).model_copy(update={"templates_dir": deployment / "nowhere"})

    assert [p.file for p in checking.report(settings).errors] == ["templates/sms"]


def test_without_campaigns_the_check_says_so(deployment: Path) -> None:
    for file in (deployment / "config" / "campaigns").iterdir():
        file.unlink()

    assert [p.weight for p in told(deployment, "config/campaigns")] == [Weight.NOTICE]


def test_the_command_shows_the_texts_and_numbers_the_problems(
    deployment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(deployment, "templates/sms/fr/heat_end.txt", "ê" * 135)
    write(deployment, "templates/sms/fr/reminder.txt", "Être [là] {{ tel }} 1 = oui")
    code = command.check(settings_in(deployment), online=False, as_json=False)
    shown = capsys.readouterr().out

    assert code == 1
    texts = [line.split() for line in shown.splitlines() if line.startswith("heat_end ")]
    assert [text for text in texts if len(text) == 5] == [  # not the call of the same name
        ["heat_end", "fr", "UCS-2", "135", "3"],
        ["heat_end", "en", "GSM-7", "146", "1"],
    ]
    assert "1. erreur  templates/sms/fr/heat_end.txt, heat_end : 3 segments" in shown
    assert "2. à savoir  templates/sms/fr/reminder.txt, reminder : « Ê » impose" in shown
    assert "1 erreur à corriger avant tout envoi." in shown


def test_a_notice_alone_does_not_fail_the_check(deployment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(deployment, "templates/sms/fr/heat_end.txt", "Être là")

    assert command.check(settings_in(deployment), online=False, as_json=False) == 0
    assert "aucune erreur" in capsys.readouterr().out


def test_as_json_the_check_prints_one_object(deployment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(deployment, "templates/sms/fr/heat_end.txt", "{{ tel")
    code = command.check(settings_in(deployment), online=False, as_json=True)
    printed = json.loads(capsys.readouterr().out)

    assert (code, printed["ok"], printed["servers"]) == (1, False, [])
    assert [(p["weight"], p["key"]) for p in printed["problems"]] == [("error", "text"), ("error", "heat_end")]
    assert printed["texts"][0] | {"text": ""} == {
        "key": "absence_ok",
        "language": "fr",
        "encoding": "GSM-7",
        "units": 115,
        "segments": 1,
        "offenders": [],
        "text": "",
    }
