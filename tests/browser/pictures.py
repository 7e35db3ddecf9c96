"""Pictures for README and the guides, taken by the tests that walk through them: `make pictures`."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

# Where pictures go; without it none are kept, and the tests walk the same way.
FOLDER = os.environ.get("PICTURES_IN", "")
COLOURS = 64


def take(page: Page, name: str) -> None:
    """What the window shows, with few colours: screens of plain pages need no more."""
    if not FOLDER:
        return
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(Path(FOLDER) / f"{name}.png", optimize=True)
