"""Every mistake in a campaign file is told with its file, its key and its remedy."""

from pathlib import Path

import pytest

from tests.campaign_files import ADVICE, GOOD, read

# What is written instead of what (in GOOD), key, what is wrong, remedy.
MISTAKES = [
    ("not TOML", 'title = "Essai"', "title = ", "", "n'est pas un fichier TOML lisible", "Comparez avec les autres"),
    (
        "a key is missing",
        'void_after = "6h"',
        "",
        "void_after",
        "obligatoire",
        'Ajoutez par exemple void_after = "6h".',
    ),
    ("a heading is missing", 'opens = "08:30"', "", "window.opens", "obligatoire", 'opens = "09:00"'),
    ("a key is misspelt", "void_after", "void_afer", "void_afer", "clé inconnue", "Vouliez-vous « void_after » ?"),
    ("a key of nobody", "title", "zzz = 1\ntitle", "zzz", "clé inconnue", "Retirez-la. Clés possibles : title, kind"),
    (
        "a key under the wrong heading",
        "[window]",
        "[window]\nlives_alone = true",
        "window.lives_alone",
        "clé inconnue",
        "Écrivez-la sous [audience].",
    ),
    (
        "a top key under a heading",
        "[exclusions]",
        '[exclusions]\nschedule = "0 9 * * mon"',
        "exclusions.schedule",
        "clé inconnue",
        "Écrivez-la en tête du fichier",
    ),
    ("an empty title", '"Essai"', '" "', "title", "vide", "Écrivez-la"),
    ("a title without quotes", '"Essai"', "3", "title", "« 3 » n'a pas la forme", "entre guillemets"),
    ("an unknown kind", '"check_in"', '"checkin"', "kind", "« checkin »", 'Choisissez parmi "check_in", "advice".'),
    ("an unknown level", '"orange"', '"violet"', "level", "« violet »", '"none", "yellow", "orange", "red"'),
    ("an unknown purpose", '"care"', '"soin"', "purpose", "« soin »", 'Choisissez parmi "care", "advice".'),
    ("an unknown remedy", '"record"', '"appel"', "exclusions.no_phone", "« appel »", '"callback", "record"'),
    ("a duration without unit", '"4h"', '"4"', "reply_deadline", "« 4 » n'est pas une durée", '"30min", "4h" ou "2d"'),
    ("a number for a duration", '"4h"', "4", "reply_deadline", "« 4 » n'est pas une durée", '"30min", "4h" ou "2d"'),
    ("a duration of nothing", '"6h"', '"0h"', "void_after", "« 0h » n'est pas une durée positive", '"4h"'),
    ("a negative duration", '"6h"', '"-6h"', "void_after", "« -6h » n'est pas une durée", '"4h"'),
    ("a duration of centuries", '"6h"', '"99999d"', "void_after", "« 99999d » n'est pas une durée", '"4h"'),
    ("a time that is none", '"08:30"', '"8h30"', "window.opens", "« 8h30 » n'est pas une heure", '"09:00"'),
    ("midnight at the end", '"20:00"', '"24:00"', "window.closes", "« 24:00 »", 'la plus tardive est "23:59"'),
    (
        "a window that closes first",
        '"20:00"',
        '"08:00"',
        "window",
        "ferme (08:00) avant d'ouvrir (08:30)",
        "opens avant",
    ),
    (
        "an English weekday",
        'closes = "20:00"',
        'closes = "20:00"\nweekdays = ["mon"]',
        "window.weekdays",
        "Jours inconnus : mon.",
        "parmi lun, mar, mer, jeu, ven, sam, dim",
    ),
    ("no weekday", 'closes = "20:00"', 'closes = "20:00"\nweekdays = []', "window.weekdays", "Aucun jour", "parmi lun"),
    (
        "an age in words",
        "from_age = 70",
        'from_age = "soixante"',
        "audience.age_bands[1].from_age",
        "« soixante »",
        "de 0 à 120",
    ),
    ("an age beyond people", "upto_age = 79", "upto_age = 790", "audience.age_bands[1].upto_age", "« 790 »", "0 à 120"),
    (
        "ages turned round",
        "upto_age = 79",
        "upto_age = 60",
        "audience.age_bands[1]",
        "finit (60) avant",
        "from_age = 70",
    ),
    ("a misspelt age", "upto_age", "up_to_age", "audience.age_bands[1].up_to_age", "clé inconnue", "« upto_age »"),
    (
        "a département by name",
        "[audience]",
        '[audience]\ndepartements = ["Tarn"]',
        "audience.departements[1]",
        "« Tarn »",
        '"31" ou "2A"',
    ),
    (
        "an agency as a number",
        "[audience]",
        "[audience]\nagencies = [4]",
        "audience.agencies[1]",
        "« 4 »",
        "guillemets",
    ),
    ("a list that is none", "[audience]", '[audience]\nagencies = "04"', "audience.agencies", "« 04 »", '["a", "b"]'),
    (
        "yes for true",
        "[audience]",
        '[audience]\nlives_alone = "peut-être"',
        "audience.lives_alone",
        "« peut-être »",
        "true ou false",
    ),
    (
        "no cron line",
        "title =",
        'schedule = "lundi"\ntitle =',
        "schedule",
        "« lundi » n'est pas une ligne cron",
        '"0 10 * * mon"',
    ),
    ("a weekday by number", "title =", 'schedule = "0 10 * * 1"\ntitle =', "schedule", "par un chiffre", "mon, tue"),
    ("an unknown sender", '"court"', '"cour"', "sender", "« cour » n'existe pas", "Vouliez-vous « court » ?"),
    ("a sender of nobody", '"court"', '"x"', "sender", "« x » n'existe pas", "Ajoutez [senders.x] dans config/"),
    ("a text misspelt", '"heat_orange_check"', '"heat_orange_chek"', "text", "n'existe pas", "« heat_orange_check » ?"),
    ("a text of nobody", '"heat_orange_check"', '"zzz"', "text", "n'existe pas", "Créez templates/sms/fr/zzz.txt."),
    ("a reminder of nobody", '"heat_reminder"', '"zzz"', "reminder_text", "n'existe pas", "templates/sms/fr/zzz.txt"),
    (
        "a check-in without deadline",
        'reply_deadline = "4h"',
        "",
        "reply_deadline",
        "délai de réponse",
        'reply_deadline = "4h"',
    ),
    ("a reminder without time", 'reminder_after = "2h"', "", "reminder_after", "sans son heure", "reminder_after ="),
    (
        "a time without reminder",
        'reminder_text = "heat_reminder"',
        "",
        "reminder_text",
        "sans le texte",
        "reminder_text =",
    ),
    ("a reminder after the deadline", '"2h"', '"4h"', "reminder_after", "après le délai", "plus courte"),
    (
        "replies read too short",
        "void_after",
        'replies_accepted_for = "1h"\nvoid_after',
        "replies_accepted_for",
        "ne serait plus lue",
        "plus longue",
    ),
    ("advice with a deadline", '"check_in"', '"advice"', "kind", "n'attend pas de réponse", "Retirez reply_deadline"),
    ("a sender of voice", '"court"', '"voix"', "sender", "ne porte que la voix", "two_way ou one_way"),
    (
        "a check-in on a one-way sender",
        '"court"',
        '"alpha"',
        "sender",
        "attend une réponse",
        "Choisissez un émetteur two_way",
    ),
    (
        "a text without a question",
        '"heat_orange_check"',
        '"heat_orange_oneway"',
        "text",
        "(en, fr) ne demande pas",
        "Répondez 1 = tout va bien",
    ),
    (
        "a text with a value of its own",
        '"heat_orange_check"',
        '"referral_ok"',
        "text",
        "« partenaire »",
        "Variables possibles : bailleur, date, jour, quand, tel.",
    ),
]


@pytest.mark.parametrize("mistake", [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_told_with_file_key_and_remedy(tmp_path: Path, mistake: tuple[str, ...]) -> None:
    written, instead, key, wrong, remedy = mistake
    problems = read(tmp_path, GOOD.replace(written, instead, 1)).problems
    told = next(p for p in problems if p.key == key)

    assert told.file == "config/campaigns/essai.toml"
    assert wrong in told.wrong
    assert remedy in told.remedy
    assert str(told).startswith("config/campaigns/essai.toml")


_CALL = '[[ladder]]\nstep = "callback"\nafter = "4h"\n'
_SECOND = '[[ladder]]\nstep = "second_number"\nafter = "2h"\ntext = "heat_orange_check"\n'
_REMINDER = '[[ladder]]\nstep = "reminder"\nafter = "1h"\ntext = "heat_reminder"\n'
_PARTNER = '[[ladder]]\nstep = "partner"\n'
_SHORT = 'reply_deadline = "4h"\nreminder_text = "heat_reminder"\nreminder_after = "2h"\n'

# What a file without the short form ends with, key, what is wrong, remedy.
LADDER_MISTAKES = [
    ("no ladder at all", "", "reply_deadline", "demande un délai de réponse", "reply_deadline"),
    ("no call", _REMINDER, "ladder", "ne mène à aucun appel", 'step = "callback"'),
    ("the same step twice", _CALL + _CALL, "ladder", "deux fois", "gardez-en une"),
    ("a partner before the call", _PARTNER + _CALL, "ladder", "viennent après callback", "cet ordre"),
    ("a text after the call", _CALL + _SECOND, "ladder", "les autres étapes avant", "cet ordre"),
    ("times that fall", _SECOND + _REMINDER + _CALL, "ladder", "en croissant", "plus long"),
    ("one pair of brackets", '[ladder]\nstep = "callback"', "ladder", "suite d'étapes", "[[ladder]]"),
    ("an unknown step", '[[ladder]]\nstep = "visit"', "ladder[1].step", "« visit »", '"trusted_contact", "partner"'),
    ("no step", '[[ladder]]\nafter = "4h"', "ladder[1].step", "obligatoire", 'step = "callback"'),
    ("a misspelt key", _CALL + 'afer = "1h"', "ladder[1].afer", "clé inconnue", "« after »"),
    ("a step of which nobody says for whom", _CALL + 'when = "silent"', "ladder[1]", "« silent »", "Possible : always"),
    ("an unknown when", _CALL + 'when = "never"', "ladder[1].when", "« never »", '"silent", "undelivered", "always"'),
    ("a step without its time", '[[ladder]]\nstep = "callback"', "ladder[1]", "demande son délai", 'after = "2h"'),
    ("a time that is none", '[[ladder]]\nstep = "callback"\nafter = 4', "ladder[1].after", "durée positive", '"4h"'),
    (
        "a reminder of no words",
        '[[ladder]]\nstep = "reminder"\nafter = "1h"',
        "ladder[1]",
        "son texte manque",
        "text =",
    ),
    ("a call with a text", _CALL + 'text = "reminder"', "ladder[1]", "n'écrit pas de SMS", "Retirez text."),
    (
        "a text nobody wrote",
        _SECOND.replace("orange", "orage") + _CALL,
        "ladder[1].text",
        "n'existe pas",
        "Vouliez-vous",
    ),
    (
        "a text that asks nothing",
        _SECOND.replace("heat_orange_check", "heat_yellow_advice") + _CALL,
        "ladder[1].text",
        "ne demande pas de réponse",
        "Répondez 1",
    ),
    ("a top key below", _CALL + 'schedule = "0 9 * * mon"', "ladder[1].schedule", "clé inconnue", "en tête du fichier"),
    ("no tries", _CALL + "[attempts]\nmost = 0", "attempts.most", "nombre d'essais, de 1 à 9", "par exemple 3"),
    ("tries in words", _CALL + '[attempts]\nmost = "trois"', "attempts.most", "« trois »", "par exemple 3"),
    ("no time apart", _CALL + '[attempts]\napart = "0min"', "attempts.apart", "durée positive", '"30min"'),
    ("half a yes", _CALL + '[attempts]\nlate_morning = "oui"', "attempts.late_morning", "« oui »", "true ou false"),
    ("a key of the tries elsewhere", _CALL + "[attempts]\nmost = 3\n[audience]\napart = 1", "", "", ""),
]


@pytest.mark.parametrize("mistake", LADDER_MISTAKES, ids=lambda m: m[0])
def test_a_mistake_in_a_ladder_is_told_with_its_step_and_its_remedy(tmp_path: Path, mistake: tuple[str, ...]) -> None:
    _why, ladder, key, wrong, remedy = mistake

    problems = read(tmp_path, GOOD.replace(_SHORT, "") + ladder).problems

    told = next((p for p in problems if p.key == key), None)
    assert told is not None, problems
    assert (wrong in told.wrong, remedy in told.remedy) == (True, True), told
    assert told.file == "config/campaigns/essai.toml"


def test_both_forms_of_a_ladder_at_once_are_too_many(tmp_path: Path) -> None:
    problems = read(tmp_path, GOOD + _CALL).problems

    assert [(p.file, p.key) for p in problems] == [("config/campaigns/essai.toml", "ladder")]
    assert "écrite deux fois" in problems[0].wrong
    assert "Gardez l'une des deux" in problems[0].remedy


def test_an_advice_has_no_ladder(tmp_path: Path) -> None:
    problems = read(tmp_path, ADVICE + _CALL).problems

    assert ["advice" in p.wrong for p in problems if p.key == "ladder"] == [True]
