"""The tenants' list brought by hand: examined row by row, then applied as it was examined."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import BadListing, Refused
from worker.domain.listings import Problem
from worker.domain.roles import Right
from worker.i18n import _
from worker.paper import findings
from worker.services import auditing, uploading
from worker.services.auditing import Action
from worker.services.importing import ImportPlan
from worker.services.uploading import KINDS, Examined, Rig
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

ROWS_SHOWN = 150


def routes(parts: Parts) -> list[BaseRoute]:
    imports = Right.IMPORT
    return [
        visits.route(parts, "/import", ask, right=imports),
        visits.route(parts, "/import", examine, right=imports, posts=True, upload=True),
        visits.route(parts, "/import/apply", apply, right=imports, posts=True),
    ]


def ask(visit: Visit) -> Response:
    """Which file."""
    return _asked(visit)


def examine(visit: Visit) -> Response:
    """What the file would change, row by row. Changes nothing."""
    sent = visit.form.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return _asked(visit, error=_("Choisissez un fichier."))
    try:
        found = uploading.examine(_rig(visit), sent.file.read(), name=sent.filename, by=visit.me, now=visit.now)
    except BadListing as error:
        return _asked(visit, error=str(error))
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "listing", [found.plan.reading.digest], now=visit.now)
    return _report(visit, found.plan, examined=found)


def apply(visit: Visit) -> Response:
    """Brings the roll of tenants up to the list, all or nothing; pressed twice, it is done once."""
    upload, digest = visit.said("upload"), visit.said("digest")
    if not (upload.isascii() and upload.isdigit() and len(upload) < 18):
        return _asked(visit, error=_("Choisissez un fichier."))
    insists = visit.said("shrink") == "yes"
    try:
        done = uploading.apply(
            _rig(visit), int(upload), digest=digest, allow_shrink=insists, by=visit.me, now=visit.now
        )
    except Refused as refused:
        return _asked(visit, error=str(refused).replace("--allow-shrink", _("cochez la case et recommencez")))
    if done is None:
        return _asked(visit, Notice(_("Cette liste était déjà enregistrée ; rien n'a été fait deux fois."), "info"))
    return _report(visit, done, Notice(_("Liste enregistrée.")))


def _asked(visit: Visit, *notices: Notice, error: str = "") -> Response:
    answer = visit.page("import.html", *notices, error=error, kinds=KINDS)
    answer.status_code = 409 if error else 200
    return answer


def _report(visit: Visit, plan: ImportPlan, *notices: Notice, examined: Examined | None = None) -> Response:
    return visit.page(
        "import_report.html",
        *notices,
        plan=plan,
        counts=[{"name": findings.NAMES[key], **counts} for key, counts in plan.counts().items()],
        groups=_groups(plan.problems),
        examined=examined,
        share=round(plan.vanishing_share * 100),
        limit=round(visit.program.settings.limits.import_max_vanished * 100),
    )


def _groups(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """By how much each matters; of a long list the first rows, and how many more there are."""
    groups = []
    for weight, title in findings.TITLES.items():
        mine = [p for p in problems if p.weight is weight]
        rows = [{"row": p.row, "column": p.column, "what": findings.SENTENCES[p.code]} for p in mine[:ROWS_SHOWN]]
        if mine:
            groups.append({"title": title, "rows": rows, "all": len(mine), "more": len(mine) - len(rows)})
    return groups


def _rig(visit: Visit) -> Rig:
    return Rig(visit.parts.db, visit.program.desk, visit.program.settings)
