"""The check before anything is sent: settings, senders, campaigns, and every text at its longest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from worker import catalogue
from worker.domain import bridges, trust, wording
from worker.domain.campaigns import Campaign
from worker.domain.errors import BadDefinition
from worker.domain.problems import Problem, Weight
from worker.domain.segments import Measured
from worker.domain.trust import Breach
from worker.i18n import _
from worker.rendering import FALLBACK, MAX_SEGMENTS, Texts, in_place_of
from worker.services import acknowledging, checking_settings, checking_voice
from worker.services.checking_voice import Script
from worker.settings import Settings
from worker.settings_tables import Landlord

# Texts the program sends by itself, whatever the campaigns say.
ANSWERS = frozenset(
    {*acknowledging.TEXT_OF_INTENT.values(), acknowledging.UNKNOWN_SENDER_TEXT, acknowledging.CLOSED_TEXT}
)

# What a text may use beside the values that all texts get, and the longest that we expect there.
_OWN_VARIABLES = {
    "referral_ok": {"partenaire": "la Maison des Solidarités"},
    "bridge_context": {"foyer": bridges.longest_whisper()},
}

_BREACHES = {
    Breach.LINK: _("« {words} » ressemble à un lien. Un SMS de bailleur n'en porte jamais."),
    Breach.MONEY: _("« {words} » parle d'argent. Un SMS de bailleur n'en parle jamais."),
    Breach.CODE: _("« {words} » demande un code. Un SMS de bailleur n'en demande jamais."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One text in one language, with the longest values it can get."""

    key: str
    language: str
    text: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Report:
    """What the check saw. scripts: what calls say. problems: errors and notices, in the order of the files."""

    lines: list[Line] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.weight is Weight.ERROR]


def problems(settings: Settings) -> list[Problem]:
    """All that is wrong, without asking any server."""
    return report(settings).problems


def report(settings: Settings) -> Report:
    """Every text, every campaign, and all that is wrong, without asking any server."""
    seen = Report()
    seen.problems.extend(checking_settings.problems(settings))
    try:
        texts = Texts(settings.templates_dir)
    except BadDefinition as error:
        seen.problems.append(Problem("templates/sms", "", str(error), _("Créez-le, ou corrigez TEMPLATES_DIR.")))
        return seen
    _add_campaigns(seen, settings, texts)
    for key in sorted(texts.keys() | ANSWERS):
        _add_text(seen, settings.landlord, texts, key)
    _add_scripts(seen, settings)
    return seen


def as_json(seen: Report) -> dict[str, Any]:
    """What was seen in the form other programs rely on."""
    return {
        "texts": [
            {
                "key": line.key,
                "language": line.language,
                "encoding": line.measured.encoding,
                "units": line.measured.units,
                "segments": line.measured.segments,
                "offenders": list(line.measured.offenders),
                "text": line.text,
            }
            for line in seen.lines
        ],
        "scripts": [
            {"key": s.key, "language": s.language, "seconds": round(s.seconds, 1), "text": s.text} for s in seen.scripts
        ],
        "campaigns": sorted(seen.campaigns),
        "problems": [
            {"weight": p.weight, "file": p.file, "key": p.key, "wrong": p.wrong, "remedy": p.remedy}
            for p in seen.problems
        ],
    }


def _add_scripts(seen: Report, settings: Settings) -> None:
    values = {language: longest_spoken(settings.landlord, "", language) for language in ("fr", "en")}
    scripts, found = checking_voice.problems(settings, values)
    seen.scripts.extend(scripts)
    seen.problems.extend(found)
    written = {script.key for script in scripts}
    named = [(key, campaign.script) for key, campaign in seen.campaigns.items() if campaign.script and scripts]
    for key, name in named:
        if name not in written:
            wrong = _("« {name} » n'existe pas : aucun appel automatique ne serait passé.").format(name=name)
            remedy = _("Créez templates/voice/fr/{name}.txt.").format(name=name)
            seen.problems.append(Problem(catalogue.file_of(key), "call_script", wrong, remedy))


def longest(landlord: Landlord, key: str, language: str) -> dict[str, str]:
    """The longest value each variable of a text can have: the landlord's own, the longest words for days and times."""
    own = {"bailleur": landlord.name, "tel": landlord.phone}
    return own | _longest_words(language) | _OWN_VARIABLES.get(key, {})


def longest_spoken(landlord: Landlord, key: str, language: str) -> dict[str, str]:
    """The same for what a voice says, to a couple."""
    to_two = {"pour": wording.longest_together(language), "plusieurs": wording.several(2)}
    return longest(landlord, key, language) | to_two


@lru_cache(maxsize=8)
def _longest_words(language: str) -> dict[str, str]:
    days = [_MONDAY + timedelta(days=n) for n in range(9)]
    due = [day.replace(hour=hour) for day in days for hour in range(8, 20)]
    values = {
        "jour": [wording.jour(day.date(), language=language) for day in days],
        "date": [wording.date(day.date(), language=language) for day in days],
        "quand": [wording.quand(at, _MONDAY, tz=ZoneInfo("UTC"), language=language) for at in due],
    }
    return {name: max(words, key=len) for name, words in values.items()}


_MONDAY = datetime(2026, 9, 21, 7, tzinfo=UTC)  # any Monday


def _add_campaigns(seen: Report, settings: Settings, texts: Texts) -> None:
    read = catalogue.read_all(settings.config_dir, senders=settings.sender_table, texts=texts)
    seen.campaigns.update(read.campaigns)
    seen.problems.extend(read.problems)
    if not read.campaigns and not read.problems:
        wrong, remedy = _("Aucune campagne n'est définie."), _("Écrivez un fichier .toml dans ce dossier.")
        seen.problems.append(Problem("config/campaigns", "", wrong, remedy, Weight.NOTICE))


def _add_text(seen: Report, landlord: Landlord, texts: Texts, key: str) -> None:
    languages = texts.languages(key)
    seen.problems.extend(_translations(texts, key, languages))
    for language in sorted(languages, key=lambda one: (one != FALLBACK, one)):
        values = longest(landlord, key, language)
        try:
            unknown = sorted(texts.variables(key, language) - set(values))
            if unknown:
                seen.problems.append(_unknown(texts.file(key, language), unknown, values))
                continue
            draft = texts.draft(key, language=language, variables=values)
        except BadDefinition as error:
            seen.problems.append(Problem(texts.file(key, language), key, str(error), ""))
            continue
        seen.lines.append(Line(key, language, draft.text, draft.measured))
        seen.problems.extend(_of_text(texts.file(key, language), key, draft.text, draft.measured))


def _translations(texts: Texts, key: str, languages: Iterable[str]) -> Iterator[Problem]:
    if FALLBACK not in languages:
        wrong = _("le texte « {key} » manque en français ; il sert à qui ne lit pas une autre langue.").format(key=key)
        remedy = (
            _("Écrivez-le, ou supprimez ses traductions.") if languages else _("Le programme l'envoie : écrivez-le.")
        )
        yield Problem(texts.file(key, FALLBACK), key, wrong, remedy)
        return
    for language in sorted(texts.all_languages() - set(languages)):
        wrong = _("le texte « {key} » n'est pas traduit ; il partira en français.").format(key=key)
        yield Problem(texts.file(key, language), key, wrong, _("Traduisez-le."), Weight.NOTICE)


def _unknown(file: str, unknown: Iterable[str], values: Mapping[str, str]) -> Problem:
    wrong = _("la variable « {unknown} » n'aura pas de valeur.").format(unknown=" », « ".join(unknown))
    return Problem(
        file, ", ".join(unknown), wrong, _("Variables possibles : {known}.").format(known=", ".join(sorted(values)))
    )


def _of_text(file: str, key: str, text: str, measured: Measured) -> Iterator[Problem]:
    if measured.segments > MAX_SEGMENTS:
        wrong = _("{n} segments ({units} unités en {encoding}) ; pas plus de {most}.").format(
            n=measured.segments, units=measured.units, encoding=measured.encoding, most=MAX_SEGMENTS
        )
        yield Problem(file, key, wrong, in_place_of(measured.offenders) or _("Raccourcissez le texte."))
    elif measured.offenders:
        wrong = _("« {offenders} » impose UCS-2, qui coûte {n} segment(s) de 70 caractères.").format(
            offenders=" », « ".join(measured.offenders), n=measured.segments
        )
        yield Problem(file, key, wrong, in_place_of(measured.offenders), Weight.NOTICE)
    elif measured.segments > 1:
        wrong = _("{n} segments ({units} unités) : deux fois le prix.").format(
            n=measured.segments, units=measured.units
        )
        yield Problem(file, key, wrong, _("En dessous de 161 unités, il n'en coûte qu'un."), Weight.NOTICE)
    for found in trust.breaches(text):
        yield Problem(file, key, _BREACHES[found.breach].format(words=found.words), _("Retirez-le du texte."))
