"""What a call says: the words of templates/voice in the configured voice, as documents for the provider."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.domain import spoken
from worker.rendering import VOICE, Texts
from worker.settings import Settings as AllSettings
from worker.settings_tables import Speech as Settings
from worker.twilio import twiml
from worker.twilio.twiml import Keys, Speech, Voice

# What follows a key, or none; what a machine is told. Every script shares them; SCRIPT_PART.txt is its own instead.
PARTS = ("fine", "help", "stop", "no_input", "heard", "voicemail")
# Before nobody at the agency picks up. Older people wait patiently, but not for ever.
TRANSFER_RING_S = 25
# After the words to a machine: for who reaches for the keys late, and little enough for the recording.
MACHINE_WAIT_S = 2
_LOCALES = {"fr": "fr-FR", "en": "en-GB"}


def of(settings: AllSettings) -> "Speaker":
    """The voice of a deployment; without a folder of scripts it has nothing to say, and nobody is rung."""
    return Speaker(Texts(settings.templates_dir, VOICE, optional=True), settings.speech)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks the texts of a deployment."""

    texts: Texts
    settings: Settings

    def question(self, script: str, *, language: str, values: Mapping[str, str], action: str, asks: bool = True) -> str:
        """The question of a script. action: where the key is posted. asks: an answer is waited for; advice is said once
        more at most. Raises BadDefinition as `Texts.draft` does."""
        keys = Keys(action, self.settings.key_wait_s, self.settings.repeats if asks else min(self.settings.repeats, 1))
        return twiml.question(self.speech(script, language=language, values=values), keys)

    def sentence(self, script: str, part: str, *, language: str, values: Mapping[str, str]) -> str:
        """What follows a key: one of PARTS; then the call ends."""
        return twiml.words(self.speech(self.key(script, part), language=language, values=values))

    def voicemail(self, script: str, *, language: str, values: Mapping[str, str], action: str) -> str:
        """What an answering machine is told: who rang, and the number to ring; nothing about the household.

        action: where a key is posted, of somebody who was only taken for a machine.
        """
        speech = self.speech(self.key(script, "voicemail"), language=language, values=values)
        return twiml.words_but_listen(speech, Keys(action, MACHINE_WAIT_S))

    def menu(self, keys: Sequence[str], *, language: str, values: Mapping[str, str], action: str) -> str:
        """The words of the line that people ring, one text after the other. action: where the key is posted."""
        first, *further = [self.speech(key, language=language, values=values) for key in keys]
        return twiml.question(first, Keys(action, self.settings.key_wait_s, self.settings.repeats), *further)

    def say(self, key: str, *, language: str, values: Mapping[str, str]) -> str:
        """One text; then the call ends."""
        return twiml.words(self.speech(key, language=language, values=values))

    def transfer(
        self, key: str, *, language: str, values: Mapping[str, str], number: str, caller_id: str, action: str
    ) -> str:
        """One text; then `number` is rung. action: where what became of it is posted."""
        before = self.speech(key, language=language, values=values)
        return twiml.transfer(before, number=number, caller_id=caller_id, ring_s=TRANSFER_RING_S, action=action)

    def connect(self, *, number: str, caller_id: str, ring_s: int, longest_s: int, action: str) -> str:
        """Rings `number` and connects it, without a word."""
        return twiml.connect(number=number, caller_id=caller_id, ring_s=ring_s, longest_s=longest_s, action=action)

    def key(self, script: str, part: str) -> str:
        """The text of a part: the script's own where there is one."""
        own = f"{script}_{part}"
        return own if self.texts.languages(own) else part

    def variant(self, script: str, part: str) -> str:
        """The same; and the script itself where a part has no text at all."""
        key = self.key(script, part)
        return key if self.texts.languages(key) else script

    def speech(self, key: str, *, language: str, values: Mapping[str, str]) -> Speech:
        """One text, or its recording, in the voice of its language."""
        written_in = language if language in self.texts.languages(key) else spoken.FALLBACK
        drafted = self.texts.draft(key, language=written_in, variables=spoken.aloud(values))
        return Speech(
            tuple(drafted.text.splitlines()), self._voice(written_in), self.settings.audio.get(f"{written_in}/{key}")
        )

    def _voice(self, language: str) -> Voice:
        name = self.settings.voices.get(language) or self.settings.voices.get(spoken.FALLBACK) or "alice"
        return Voice(name, _LOCALES.get(language, language), self.settings.rate_percent, pause_s=self.settings.pause_s)
