"""Pages for people: rendered here, styled and sped up by our own two files, safe without either."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from worker.domain import wording
from worker.i18n import _, ngettext
from worker.labels import label, language

HERE = Path(__file__).parent
# Nothing from elsewhere, nothing inline: a tenant's words shown on a page can never become a program.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence above the page. tone: good, warn, danger or info.

    undo: where taking it back is posted, and for how many seconds more.
    """

    text: str
    tone: str = "good"
    undo: str = ""
    undo_left_s: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    name: str
    href: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page shows around its content. person: who is signed in, with a `login`; None before that.

    accepted: the draft that has become a record, by its name. keys: single keys act.
    """

    landlord: str
    timezone: ZoneInfo
    language: str
    now: datetime
    person: Any = None
    csrf: str = ""
    places: Sequence[Place] = ()
    notices: Sequence[Notice] = ()
    accepted: str = ""
    keys: bool = True


def page(name: str, frame: Frame, *, status: int = 200, **content: Any) -> Response:
    """One page. Personal data stays out of caches by the edge's own header, and other sites by the policy."""
    return HTMLResponse(render(name, frame, **content), status, {"Content-Security-Policy": POLICY})


def printed(html: str) -> Response:
    """A page of worker/paper: its one stylesheet is inside it, and is allowed by its own digest."""
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def render(name: str, frame: Frame, **content: Any) -> str:
    """The same as text; also for fragments that are sent live."""
    around = {field: getattr(frame, field) for field in Frame.__dataclass_fields__}
    return _environment().get_template(name).render(**around, csrf_field=lambda: _csrf_field(frame.csrf), **content)


def static() -> BaseRoute:
    """Our stylesheet, script and icon."""
    return Mount("/static", StaticFiles(directory=HERE / "static"), name="static")


def wants_json(request: Request) -> bool:
    """Asked by our own script, not by a form."""
    return request.headers.get("X-Requested-With") == "console"


def _csrf_field(token: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else every file is looked at again for every page
    )
    environment.globals.update({"_": _, "ngettext": ngettext, "label": label, "version": _version()})
    environment.filters.update(
        {
            "label": label,
            "spoken": language,
            "phone": phone,
            "day": day,
            "hour": hour,
            "moment": moment,
            "minutes": minutes,
            "born": born,
            "ago": ago,
            "written": written,
        }
    )
    return environment


@cache
def _version() -> str:
    """Changes with our own files, so that a browser never shows new pages with old ones."""
    files = sorted((HERE / "static").iterdir())
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12]


def phone(e164: str) -> str:
    """As people here say it: "06 39 98 00 01"; abroad with its country."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    home = number.country_code == 33
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, style))


def moment(at: datetime | None, timezone: ZoneInfo, now: datetime) -> str:
    """ "14h05" today, "hier 14h05", "mer. 24/09 14h05" else; "-" for never."""
    if at is None:
        return "-"
    local, today = at.astimezone(timezone), now.astimezone(timezone).date()
    away = (local.date() - today).days
    names: Mapping[int, str] = {0: "", -1: _("hier") + " ", 1: _("demain") + " "}
    return names.get(away, wording.date(local.date()) + " ") + hour(local.time())


def written(iso: str, timezone: ZoneInfo, now: datetime) -> str:
    """The same for a moment kept as text."""
    return moment(datetime.fromisoformat(iso), timezone, now)


def ago(at: datetime, now: datetime) -> str:
    """ "à l'instant", "il y a 2 min": for what is news."""
    seconds = (now - at).total_seconds()
    return _("à l'instant") if seconds < 60 else _("il y a {span}").format(span=minutes(seconds))


def hour(at: Any) -> str:
    """ "14h05"."""
    return f"{at:%H}h{at:%M}"


def day(at: date) -> str:
    """ "mercredi 24/09"."""
    return f"{wording.jour(at)} {at:%d/%m}"


def minutes(seconds: float) -> str:
    """A duration as people say it: "moins d'une minute", "12 min", "3 h 05", "2 j"."""
    whole = int(seconds // 60)
    if whole < 1:
        return _("moins d'une minute")
    if whole < 60:
        return _("{n} min").format(n=whole)
    if whole < 48 * 60:
        return _("{h} h {m:02}").format(h=whole // 60, m=whole % 60)
    return _("{n} j").format(n=whole // (24 * 60))


def born(tenant: Mapping[str, Any], on: date) -> str:
    """An age in words, as surely as it is known."""
    precision, written = tenant.get("birth_precision"), tenant.get("birth_date")
    if precision == "unknown" or not written:
        return _("âge inconnu")
    birth = date.fromisoformat(written) if isinstance(written, str) else written
    if precision == "year":
        return _("né(e) en {year}").format(year=birth.year)
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return _("{n} ans").format(n=years)
