"""A square that telephones read, drawn as SVG: black on white whatever the colours around it."""

from typing import Any

from markupsafe import Markup
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

# Readers need a white margin of four modules around it.
MARGIN = 4


def drawing(text: str, *, title: str) -> Markup:
    """The text as a QR code. title: what it is for, for those who do not see it."""
    code: Any = QRCode(None, QRErrorCorrectLevel.M)  # as large as the text asks for
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    dark = [(row, column) for row in range(count) for column in range(count) if code.isDark(row, column)]
    path = "".join(f"M{column + MARGIN} {row + MARGIN}h1v1h-1z" for row, column in dark)
    side = count + 2 * MARGIN
    return Markup(
        '<svg class="qr" role="img" aria-label="{title}" viewBox="0 0 {side} {side}" width="232" height="232" '
        'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        '<path d="{path}" fill="#000"/></svg>'
    ).format(title=title, side=side, path=path)
