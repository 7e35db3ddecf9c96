"""All pages of the console."""

from starlette.routing import BaseRoute

from worker.web import pages
from worker.web.console import (
    board,
    bridge,
    campaigns,
    desk,
    elsewhere,
    entrance,
    households,
    imports,
    inbox,
    live,
    needs,
    occasions,
    operations,
    own_account,
    partners,
    records,
    referrals,
    reports,
    sheets,
    users,
)
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    """Pages by role, and our own stylesheet and script."""
    lines = live.Lines()
    return [
        *entrance.routes(parts),
        *elsewhere.routes(parts),
        *own_account.routes(parts),
        *desk.routes(parts),
        *bridge.routes(parts),
        *board.routes(parts, lines),
        *operations.routes(parts, lines),
        *campaigns.routes(parts),
        *occasions.routes(parts),
        *reports.routes(parts),
        *households.routes(parts),
        *inbox.routes(parts),
        *imports.routes(parts),
        *sheets.routes(parts),
        *records.routes(parts),
        *referrals.routes(parts),
        *needs.routes(parts),
        *users.routes(parts),
        *partners.routes(parts),
        pages.static(),
    ]
