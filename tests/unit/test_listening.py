"""Scripts spoken by a local voice: what is heard is as long as the check says it is."""

from pathlib import Path

import pytest

from sandbox import listening
from tests.deployments import ROOT, settings_in
from worker.domain import spoken
from worker.rendering import VOICE, Texts

SCRIPTS = ["heat_orange_check", "heat_red_check", "weekly_check", "caller_unknown", "voicemail"]

needs_a_voice = pytest.mark.skipif(listening.engine() is None, reason="espeak-ng is not installed")


@needs_a_voice
def test_a_script_lasts_as_long_as_the_check_says(tmp_path: Path) -> None:
    heard = list(listening.record(settings_in(ROOT), tmp_path, only=SCRIPTS))

    assert {(one.key, one.language) for one in heard} == {(key, lang) for key in SCRIPTS for lang in ("fr", "en")}
    for one in heard:
        assert one.seconds == pytest.approx(one.estimated_s, rel=0.25), one.key
        assert one.file.read_bytes().startswith(b"RIFF")


@needs_a_voice
def test_a_slower_voice_and_longer_pauses_are_heard(tmp_path: Path) -> None:
    def seconds(**how: float) -> float:
        listening.speak(["Bonjour.", "Au revoir."], language="fr", file=tmp_path / "a.wav", **how)  # type: ignore[arg-type]
        return listening.length_s(tmp_path / "a.wav")

    assert seconds(rate_percent=70) > seconds() * 1.15
    assert seconds(pause_s=3) > seconds() + 1.5


@needs_a_voice
def test_no_shipped_script_lasts_longer_than_a_minute(tmp_path: Path) -> None:
    questions = [key for key in Texts(ROOT / "templates", VOICE).keys() if key.endswith(("_check", "_advice"))]  # noqa: SIM118

    assert max(one.seconds for one in listening.record(settings_in(ROOT), tmp_path, only=questions)) < spoken.TOO_LONG_S


def test_without_a_voice_the_reader_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert listening.main([]) == 1
    assert "apt-get install espeak-ng" in capsys.readouterr().err
