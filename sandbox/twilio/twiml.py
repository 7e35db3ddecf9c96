"""What an answer to an inbound message asks Twilio to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

LONGEST = 64 * 1024
XML = frozenset({"text/xml", "application/xml", "text/html"})  # Twilio reads HTML's type as TwiML too


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send in answer. to: None for the person who wrote."""

    body: str
    to: str | None = None
    callback: str | None = None


class Unreadable(Exception):
    """An answer Twilio would complain of; code is its alert."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


def read(content_type: str, body: bytes, *, status: int = 200) -> tuple[Reply, ...]:
    """The messages an answer asks for. Raises Unreadable with 11750, 12100 or 12300."""
    if status == 204:
        return ()
    if len(body) > LONGEST:
        raise Unreadable(11750, f"the answer has {len(body)} bytes, Twilio reads 64 kB")
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if kind == "text/plain":
        return (Reply(body.decode(errors="replace")),) if body.strip() else ()
    if kind not in XML:
        raise Unreadable(12300, f"Content-Type {kind or '(none)'} is not XML")
    return tuple(_replies(root(body)))


def root(body: bytes) -> ET.Element:
    """The document's root, which is a Response. Raises Unreadable with 12100."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Unreadable(12100, "document types are not read")
    try:
        root = ET.fromstring(body)  # noqa: S314  # from this machine, and entities are refused above
    except ET.ParseError as error:
        raise Unreadable(12100, f"not well-formed XML: {error}") from None
    if root.tag != "Response":
        raise Unreadable(12100, f"the root element is <{root.tag}>, not <Response>")
    return root


def _replies(root: ET.Element) -> Iterator[Reply]:
    for verb in root:
        if verb.tag in {"Message", "Sms"}:
            text = verb.findtext("Body") if verb.find("Body") is not None else verb.text
            yield Reply((text or "").strip(), verb.get("to"), verb.get("statusCallback") or verb.get("action"))
