"""A page for whoever wants to know what people heard: each call as text."""

from collections.abc import Sequence
from html import escape

from sandbox.twilio.voice.records import Call

MOST = 500
HEAD = (
    '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Appels entendus</title><style>'
    "body{font-family:sans-serif;max-width:60rem;margin:2rem auto;line-height:1.5}"
    "article{border-top:1px solid #999;padding:.5rem 0}h2{font-size:1rem;margin:0}kbd{border:1px solid;padding:0 .3rem}"
    "</style></head><body><h1>Ce qui a été entendu au téléphone</h1>"
)
STATUSES = {
    "queued": "en attente",
    "initiated": "composé",
    "ringing": "sonne",
    "in-progress": "en ligne",
    "completed": "décroché",
    "busy": "occupé",
    "no-answer": "sans réponse",
    "failed": "non abouti",
    "canceled": "annulé",
}
DIRECTIONS = {"inbound": "appel reçu", "outbound-api": "appel automatique", "outbound-dial": "mise en relation"}


def page(calls: Sequence[Call]) -> str:
    """The newest calls first."""
    shown = "".join(map(_article, list(reversed(calls))[:MOST]))
    return f"{HEAD}<p>{len(calls)} appels, les plus récents d'abord.</p>{shown}</body></html>"


def transcript(call: Call) -> list[str]:
    """What was heard and pressed, in the order of the call."""
    said = [(line.at_s, line.text if line.whole else f"{line.text}…") for line in call.lines]
    keys = [(p.at_s, f"[touche {p.keys}{'' if p.listened else ', dans le vide'}]") for p in call.pressed]
    return [text for _at, text in sorted(said + keys, key=lambda entry: entry[0])]


def _article(call: Call) -> str:
    status = STATUSES.get(call.status, call.status)
    by = f", {escape(call.answered_by)}" if call.answered_by else ""
    head = (
        f"{DIRECTIONS[call.direction]}, {escape(call.sender)} → {escape(call.to)} : {status}{by}, {call.seconds:.0f} s"
    )
    lines = "".join(f"<p>{escape(text)}</p>" for text in transcript(call))
    return f"<article><h2>{head}</h2>{lines}</article>"
