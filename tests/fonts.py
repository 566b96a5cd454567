"""A font with the characters that these sources are written in: fpdf2 reads and cuts the whole one for each document.

The whole font has 44,810 characters and takes half a second or more a document, and its outlines are programs that are
run several times for each. These are the same outlines within a thousandth of an em, as points, which are only copied;
`true_font` is for tests whose subject is the font.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from labels.pdf import FACE, FONT_FILE

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests", "labels", "web", "panku", "devices", "api", "examples")
WRITTEN = (".py", ".po", ".html", ".js", ".csv")


def small_font(folder: Path) -> tuple[Path, int]:
    """Its file and face; the first process of a run that asks makes it in the folder that they share."""
    file = folder / "small.ttf"
    with (folder / "font.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _make(file)
    return file, 0


def _make(file: Path) -> None:
    font = TTFont(FONT_FILE, fontNumber=FACE, lazy=True)
    subsetter = Subsetter(Options(layout_features=[], name_IDs=["*"], notdef_outline=True))
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    order, drawn, glyphs = font.getGlyphOrder(), font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, max_err=font["head"].unitsPerEm / 1000, reverse_direction=True))
        glyphs[name] = pen.glyph()
    for table in ("CFF ", "VORG", "maxp"):
        del font[table]
    made = FontBuilder(font=font)
    made.isTTF = True
    made.setupGlyf(glyphs)
    made.setupMaxp()
    made.setupPost(keepGlyphNames=False)
    font.sfntVersion = "\0\1\0\0"
    font.save(file)


def characters() -> set[int]:
    """The code points of every character in the sources."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in WRITTEN]
    return {
        ord(character) for file in files for character in file.read_text(encoding="utf-8", errors="ignore")
    }
