"""What commands print: nothing that a file or a row says is a line, a direction or a movement of the terminal."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest

import panku
from panku.commands import main
from panku.console.terminal import in_one_line, say, visible

SOURCES = Path(panku.__file__).parent
PRINTS = SOURCES / "console" / "terminal.py"
HIDDEN = {
    "C0": "\x00\x07\x08\t\n\x0b\x0c\r\x1b\x7f",
    "C1": "\x80\x85\x9b\x9f",
    "line ends": "\u2028\u2029",
    "direction": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e",
    "surrogates": "\ud800\udcff",
    "beyond the first plane": "\U000e0001\U000f0000",
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_does_not_print_is_shown_as_its_code(kind: str) -> None:
    for character in HIDDEN[kind]:
        shown = visible(f"a{character}b")
        code = f"{ord(character):04x}"
        assert shown in (f"a\\u{code}b", f"a\\U{code:0>8}b")
        assert shown.isprintable()


def test_no_control_or_format_character_at_all_prints() -> None:
    left = [
        point
        for point in range(0x110000)
        if unicodedata.category(chr(point)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and visible(chr(point)) == chr(point)
    ]
    assert left == []


def test_what_people_write_stays_as_it_is() -> None:
    text = "张伟（zhang）　“返潮” C:\\disk ½ é 𠮷 🧾"
    assert visible(text) == text


def test_each_text_is_told_in_the_line_it_is_part_of(capsys: pytest.CaptureFixture[str]) -> None:
    say("WRONG", "a\nb", "c\td", between="\t")
    assert capsys.readouterr().out == "WRONG\ta\\u000ab\tc\\u0009d\n"
    assert (
        in_one_line(" connection failed:\n\tIs the server running? ")
        == "connection failed: Is the server running?"
    )


def test_nothing_else_of_the_program_prints() -> None:
    printing = [
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for path in SOURCES.rglob("*.py")
        if path != PRINTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Name) and node.func.id == "print")
            or ast.unparse(node.func) in ("sys.stdout.write", "sys.stderr.write")
        )
    ]
    assert printing == []


def test_bad_use_is_told_with_its_words_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["verify", "\x1b[2A\u202e"], ["label", "device", "1", "--size", "\x1b[2A"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        told = capsys.readouterr().err
        assert left.value.code == 2
        assert "\\u001b[2A" in told
        assert all(line.isprintable() for line in told.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ["export", "lines", "--site", "BJ01", "--site", "TJ01", "--to", "x.csv"],
        ["verify", "--export-heads", "a", "--export-heads", "b"],
        ["token", "issue", "x", "--site", "BJ01", "--scope", "read", "--by", "admin", "--by", "chen"],
        ["label", "bin", "BJ01", "--stock", "L7160", "--stock", "L7651"],
    ],
    ids=" ".join,
)
def test_an_option_that_takes_one_value_is_not_given_two(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "given twice; it takes one value" in capsys.readouterr().err
