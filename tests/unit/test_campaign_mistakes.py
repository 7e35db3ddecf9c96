"""Every mistake in a campaign file is told with its file, its key and its remedy."""

from pathlib import Path

import pytest

from tests.campaign_files import GOOD, read

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
