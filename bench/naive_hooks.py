"""Where the receipts of the naive baseline arrive: twilio-python checks them, and each is a commit of its own."""

import os

from fastapi import FastAPI, Request, Response
from sqlalchemy import create_engine, text
from starlette.concurrency import run_in_threadpool
from twilio.request_validator import RequestValidator

app = FastAPI()
engine = create_engine(os.environ["NAIVE_DATABASE"].replace("postgresql://", "postgresql+psycopg://"), pool_size=16)
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
    with engine.begin() as connection:
        connection.execute(text("UPDATE naive SET state = :status WHERE id = :id"), {"status": status, "id": number})
