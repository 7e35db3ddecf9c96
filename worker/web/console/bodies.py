"""What a form may bring: so much and no more, whoever sends it, and a file only where one is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from worker.domain.errors import Refused
from worker.i18n import _

FIELDS_MOST = 400
FIELD_MOST = 64 * 1024
FORM_MOST = 512 * 1024
UPLOAD_MOST = 32 * 1024 * 1024


class TooLarge(Refused):
    """More than we read."""


class Unreadable(Refused):
    """No form of ours looks like this."""


@asynccontextmanager
async def form(request: Request, *, file: bool) -> AsyncIterator[FormData]:
    """The form that was sent, its file gone at the end of the block. file: one may come with it.

    Raises TooLarge before more is read than we want, however much was announced; Unreadable.
    """
    refuse_announced(request, file=file)
    counted = Request(request.scope, _Counted(request, file).receive)
    try:
        sent = await counted.form(max_files=int(file), max_fields=FIELDS_MOST, max_part_size=FIELD_MOST)
    except HTTPException as error:
        raise _refusal(error, file=file) from None
    try:
        yield sent
    finally:
        await counted.close()


def refuse_announced(request: Request, *, file: bool) -> None:
    """Raises TooLarge where the request itself says that more will come than we read."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > _most(file=file):
        raise _too_large(file=file)


class _Counted:
    """The body as it comes in, as far as we read it."""

    def __init__(self, request: Request, file: bool) -> None:
        self._receive, self._file, self._read = request.receive, file, 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > _most(file=self._file):
            raise _too_large(file=self._file)
        return message


def _most(*, file: bool) -> int:
    return UPLOAD_MOST if file else FORM_MOST


def _too_large(*, file: bool) -> TooLarge:
    if file:
        return TooLarge(_("Ce fichier dépasse {n} Mo : rien n'a été lu.").format(n=UPLOAD_MOST // 2**20))
    return TooLarge(_("Ce formulaire est trop grand : rien n'a été noté. Raccourcissez-le, puis renvoyez-le."))


def _refusal(error: HTTPException, *, file: bool) -> Refused:
    """The parser's own words are English; they tell too much from unreadable."""
    if error.detail.startswith("Too many files"):
        return TooLarge(_("Cette page ne prend pas ce fichier : rien n'a été lu."))
    if error.detail.startswith("Too many") or "exceeded" in error.detail:
        return _too_large(file=file)
    return Unreadable(_("Ce formulaire ne se lit pas : revenez en arrière, rechargez la page et recommencez."))
