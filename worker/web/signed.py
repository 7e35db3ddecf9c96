"""Reads a form the provider posted, after making sure that the provider posted it.

The signature covers the address as the provider knows it. Behind a proxy the request's own Host and scheme say
something else, and a header can be forged, so the address is built from the configured public URL.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from worker.twilio import webhooks

MOST_BYTES = 64 * 1024
MOST_FIELDS = 256
FORM_TYPE = "application/x-www-form-urlencoded"

Form = ImmutableMultiDict[str, str]


async def read(request: Request, *, public_url: str, tokens: Sequence[str]) -> Form:
    """The form. Raises HTTPException: 403 without a right signature, 415, 413 or 400 for what is not a form."""
    signature = request.headers.get("x-twilio-signature")
    if not (signature and public_url and any(tokens)):
        raise HTTPException(403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise HTTPException(415)
    form = _parse(await _body(request))
    if not webhooks.is_authentic(public_url + _path_and_query(request), form, signature, tokens):
        raise HTTPException(403)
    return form


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise HTTPException(413)
        chunks.append(chunk)
    return b"".join(chunks)


def _parse(body: bytes) -> Form:
    """Empty values stay: they are signed too."""
    try:
        return ImmutableMultiDict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise HTTPException(400) from None


def _path_and_query(request: Request) -> str:
    """As it was written in the request, percent signs and all: a normalised address has another signature."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")
