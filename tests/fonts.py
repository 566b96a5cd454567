"""A font with the characters that these sources are written in: fpdf2 reads and cuts the whole one for each document.

The whole font has 44,810 characters and takes half a second or more a document. The glyphs are the same, so whatever
is printed looks the same; `true_font` is for tests whose subject is the font.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from labels.pdf import FACE, FONT_FILE

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests", "labels", "web", "panku", "devices", "api", "examples")
WRITTEN = (".py", ".po", ".html", ".js", ".csv")


def small_font(folder: Path) -> tuple[Path, int]:
    """Its file and face; the first process of a run that asks makes it in the folder that they share."""
    file = folder / "small.otf"
    with (folder / "font.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _make(file)
    return file, 0


def _make(file: Path) -> None:
    font = TTFont(FONT_FILE, fontNumber=FACE, lazy=True)
    options = Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    font.save(file)


def characters() -> set[int]:
    """The code points of every character in the sources."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in WRITTEN]
    return {
        ord(character) for file in files for character in file.read_text(encoding="utf-8", errors="ignore")
    }
