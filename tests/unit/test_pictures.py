"""Pictures in README and the guides: each is there, small, and shown somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md")))
MOST = 150_000


def _shown() -> set[Path]:
    return {
        (page.parent / path).resolve()
        for page in PAGES
        for path in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", page.read_text(encoding="utf-8"))
    }


def test_every_picture_that_a_page_shows_is_there_and_every_one_there_is_shown() -> None:
    assert _shown() == set(PICTURES.glob("*.png"))


def test_pictures_are_small() -> None:
    assert {p.name: p.stat().st_size for p in PICTURES.glob("*.png") if p.stat().st_size > MOST} == {}
