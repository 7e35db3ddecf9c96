"""Where the receipts of the naive baseline arrive: twilio-python checks them, and each is a commit of its own."""

import os

from fastapi import FastAPI, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from twilio.request_validator import RequestValidator

from bench.naive import Text, engine

app = FastAPI()
validator = RequestValidator(os.environ["NAIVE_TOKEN"])


@app.post("/receipts/{number}")
async def receipt(number: int, request: Request) -> Response:
    """Marks how the text stands."""
    fields = {name: str(value) for name, value in (await request.form()).items()}
    if not validator.validate(str(request.url), fields, request.headers.get("X-Twilio-Signature", "")):
        return Response(status_code=403)
    await run_in_threadpool(_mark, number, fields["MessageStatus"])
    return Response(status_code=204)


def _mark(number: int, status: str) -> None:
    with Session(engine()) as session:
        session.get_one(Text, number).state = status
        session.commit()
