"""What a PDF of ours says, without a library: reportlab's streams are in base 85 and compressed."""

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.+?)endstream", re.DOTALL)
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\) Tj")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def words(pdf: bytes) -> str:
    """Its lines, one after the other."""
    pages = [zlib.decompress(base64.a85decode(stream.strip(), adobe=False)) for stream in _streams(pdf)]
    lines = [shown for page in pages for shown in _SHOWN.findall(page)]
    return "\n".join(_OCTAL.sub(lambda o: bytes([int(o[1], 8)]), line).decode("cp1252") for line in lines)


def _streams(pdf: bytes) -> list[bytes]:
    return [stream.strip().removesuffix(b"~>") for stream in _STREAM.findall(pdf)]
