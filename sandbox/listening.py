"""What calls say, as sound files by a local voice, so that somebody can hear each script and its length is measured.

The provider's voices sound better; the length comes close. `make listen`; the voice is Debian's espeak-ng.
"""

import argparse
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from worker import settings as configuration
from worker.domain import spoken
from worker.rendering import VOICE, Texts
from worker.services import checking
from worker.services.speaking import Speaker
from worker.settings import Settings

ENGINE = "espeak-ng"
# Its usual pace, and that of the provider's voices at 100 %.
USUAL_PACE = 175
FOLDER = Path("var/listen")
LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Recorded:
    """A script in one language as it was spoken. estimated_s: what `courtoisie check` takes for its length."""

    key: str
    language: str
    file: Path
    seconds: float
    estimated_s: float


def engine() -> str | None:
    """The path of the local voice; None where it is not installed."""
    return shutil.which(ENGINE)


def record(settings: Settings, folder: Path, *, only: Sequence[str] = ()) -> Iterator[Recorded]:
    """Speaks every script, or only these, with the longest values, in each language, at the configured pace."""
    texts = Texts(settings.templates_dir, VOICE)
    for key in sorted(texts.keys()):
        for language in sorted(texts.languages(key)):
            if not only or key in only:
                yield _recorded(texts, settings, key, language, folder)


def _recorded(texts: Texts, settings: Settings, key: str, language: str, folder: Path) -> Recorded:
    values = checking.longest_spoken(settings.landlord, key, language)
    speech = settings.speech
    lines = Speaker(texts, speech).speech(key, language=language, values=values).lines
    file = folder / language / f"{key}.wav"
    speak(lines, language=language, file=file, rate_percent=speech.rate_percent, pause_s=speech.pause_s)
    estimated = spoken.seconds(lines, language=language, rate_percent=speech.rate_percent, pause_s=speech.pause_s)
    return Recorded(key, language, file, length_s(file), estimated)


def speak(lines: Sequence[str], *, language: str, file: Path, rate_percent: int = 100, pause_s: float = 0) -> None:
    """Writes the lines as sound, with the pauses between them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rest = f'<break time="{round(pause_s * 1000)}ms"/>' if pause_s else " "
    said = f"<speak>{rest.join(escape(line) for line in lines)}</speak>"
    pace = str(round(USUAL_PACE * rate_percent / 100))
    asked = [ENGINE, "-m", "-v", language, "-s", pace, "-w", str(file), "--stdin"]
    subprocess.run(asked, input=said.encode(), check=True, timeout=LONGEST_S)


def length_s(file: Path) -> float:
    """How long a sound file lasts."""
    with wave.open(str(file), "rb") as sound:
        return sound.getnframes() / sound.getframerate()


def main(arguments: Sequence[str] | None = None) -> int:
    """Speaks the scripts and tells the length of each; 1 when the local voice is missing."""
    asked = argparse.ArgumentParser(prog="make listen", description="Speak the scripts of calls into sound files.")
    asked.add_argument("scripts", nargs="*", help="only these, by the name of their file")
    asked.add_argument("--folder", type=Path, default=FOLDER, help="where the files go")
    said = asked.parse_args(arguments)
    if engine() is None:
        print(f"{ENGINE} is not installed: as root, apt-get install {ENGINE}", file=sys.stderr)
        return 1
    print(f"{'script':<28} {'lang':<5} {'seconds':>8} {'estimate':>9}  file")
    for one in record(configuration.load(), said.folder, only=said.scripts):
        long = "  more than a minute" if one.seconds > spoken.TOO_LONG_S else ""
        print(f"{one.key:<28} {one.language:<5} {one.seconds:>8.1f} {one.estimated_s:>9.1f}  {one.file}{long}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
