"""The check of what calls say: every script in every language, with the longest values, as it would be played."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from worker.domain import bridges, spoken, trust
from worker.domain.channels import Capability
from worker.domain.errors import BadDefinition
from worker.domain.problems import Problem, Weight
from worker.domain.trust import Breach
from worker.i18n import _
from worker.rendering import VOICE, Texts
from worker.services.speaking import PARTS, Speaker
from worker.settings import Settings
from worker.twilio import twiml
from worker.twilio.twiml import Keys

# What the line says to whoever rings back, and to a caller whose phone is rung first.
LINE = (
    "caller_unknown",
    "caller_known",
    "caller_menu",
    "transfer",
    "transfer_failed",
    "agency_closed",
    "goodbye",
    "bridge",
    "bridge_context",
    "bridge_gone",
    "bridge_away",
)
OWN = frozenset({*PARTS, *LINE})
# What a text may use beside the values that all get, and the longest that we expect there.
_OWN = {"bridge_context": {"foyer": bridges.longest_whisper()}}
_ACTION = "https://courtoisie.invalid/hooks/twilio/voice/gather?m=9223372036854775807&a=9223372036854775807&n=99"


@dataclass(frozen=True, slots=True)
class Script:
    """One text in one language as it is said. seconds: of speech, without the wait for a key."""

    key: str
    language: str
    text: str
    seconds: float


def problems(settings: Settings, longest: Mapping[str, Mapping[str, str]]) -> tuple[list[Script], list[Problem]]:
    """Every script with its length, and all that is wrong. longest: by language, of each variable."""
    try:
        texts = Texts(settings.templates_dir, VOICE)
    except BadDefinition as error:
        if not any(sender.capability is Capability.VOICE for sender in settings.sender_table.values()):
            return [], []  # nobody is rung by machine here
        return [], [Problem("templates/voice", "", str(error), _("Créez-le, ou corrigez TEMPLATES_DIR."))]
    scripts: list[Script] = []
    found: list[Problem] = []
    for key in sorted(texts.keys() | OWN):
        found += _translations(texts, key)
        for language in sorted(texts.languages(key)):
            said = _said(
                texts, settings, key, language, {**longest.get(language, longest[spoken.FALLBACK]), **_OWN.get(key, {})}
            )
            scripts += [one for one in said if isinstance(one, Script)]
            found += [one for one in said if isinstance(one, Problem)]
    return scripts, found


def _translations(texts: Texts, key: str) -> Iterator[Problem]:
    languages = texts.languages(key)
    if spoken.FALLBACK not in languages:
        wrong = _("le texte « {key} » manque en français ; il sert à qui ne lit pas une autre langue.").format(key=key)
        yield Problem(texts.file(key, spoken.FALLBACK), key, wrong, _("Le programme le dit au téléphone : écrivez-le."))
        return
    for language in sorted(texts.all_languages() - languages):
        wrong = _("le texte « {key} » n'est pas traduit ; il sera dit en français.").format(key=key)
        yield Problem(texts.file(key, language), key, wrong, _("Traduisez-le."), Weight.NOTICE)


def _said(
    texts: Texts, settings: Settings, key: str, language: str, longest: Mapping[str, str]
) -> list[Script | Problem]:
    file = texts.file(key, language)
    try:
        unknown = sorted(texts.variables(key, language) - set(longest))
        if unknown:
            wrong = _("la variable « {unknown} » n'aura pas de valeur.").format(unknown=" », « ".join(unknown))
            remedy = _("Variables possibles : {known}.").format(known=", ".join(sorted(longest)))
            return [Problem(file, ", ".join(unknown), wrong, remedy)]
        speech = Speaker(texts, settings.speech).speech(key, language=language, values=longest)
    except BadDefinition as error:
        return [Problem(file, key, str(error), "")]
    length = spoken.seconds(
        speech.lines, language=language, rate_percent=settings.speech.rate_percent, pause_s=settings.speech.pause_s
    )
    script = Script(key, language, "\n".join(speech.lines), length)
    document = twiml.question(speech, Keys(_ACTION, settings.speech.key_wait_s, settings.speech.repeats))
    return [script, *_of_script(file, script, twiml.faults(document))]


def _of_script(file: str, script: Script, faults: Iterable[str]) -> Iterator[Problem]:
    for fault in faults:
        wrong = _("Twilio refuserait ce texte : {fault}.").format(fault=fault)
        yield Problem(file, script.key, wrong, _("Raccourcissez-le."))
    if script.seconds > spoken.TOO_LONG_S:
        wrong = _("dure {n} secondes : au-delà d'une minute, on raccroche.").format(n=round(script.seconds))
        yield Problem(
            file, script.key, wrong, _("Raccourcissez-le, ou parlez plus vite (speech.rate_percent)."), Weight.NOTICE
        )
    for found in trust.breaches(script.text):
        if found.breach in _BREACHES:
            yield Problem(
                file, script.key, _BREACHES[found.breach].format(words=found.words), _("Retirez-le du texte.")
            )


_BREACHES = {
    Breach.LINK: _("« {words} » ressemble à un lien : un appel n'en dit jamais."),
    Breach.MONEY: _("« {words} » parle d'argent : un appel automatique n'en parle jamais."),
    Breach.CODE: _("« {words} » demande un code : un appel automatique n'en demande jamais."),
}
