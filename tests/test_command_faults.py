"""What a command does with what it can not read or write: a sentence and a status, never a trace or a secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from panku import settings
from panku.commands import main

DEEP = "[" * 100_000
PASSWORD = "marble kettle seventeen\n"


MAIN = b"import sys; from panku.commands import main; sys.exit(main())"


def panku(
    folder: Path, *words: str | bytes, given: bytes = b"", stdout: int = subprocess.PIPE, **environment: str
) -> tuple[int, str]:
    """A command's exit status, and what it wrote to standard error."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
    environ |= {"PANKU_DATA_DIR": str(folder), **environment}
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-c", MAIN, *(os.fsencode(word) for word in words)],
        input=given, stdout=stdout, stderr=subprocess.PIPE, env=environ, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books that were just begun, made under a umask that keeps nothing private."""
    made = tmp_path_factory.mktemp("books")
    before = os.umask(0)
    try:
        status, told = panku(made, "init", "--username", "admin", "--name", "王建国", given=PASSWORD.encode())
    finally:
        os.umask(before)
    assert status == 0, told
    return made


def test_the_files_of_the_books_are_their_owners_alone(folder: Path) -> None:
    files = [file for file in folder.iterdir() if file.is_file()]
    assert {file.name for file in files} >= {"panku.sqlite3", "panku.doors.sqlite3"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.parametrize("words", [("verify", "--quiet", "--against"), ("verify-evidence",)])
def test_a_file_that_is_nested_too_deeply_is_refused_in_a_sentence(
    folder: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "deep.json").write_text(DEEP)
    status, told = panku(folder, *words, str(tmp_path / "deep.json"))
    assert status in (1, 2)
    assert "Traceback" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("words", [("verify", "--quiet"), ("person", "list")])
def test_a_full_standard_output_is_told_in_a_sentence(folder: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        status, told = panku(folder, *words, stdout=full.fileno())
    assert status == 1
    assert told.startswith("panku: What was found cannot be written: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (("person", "add", b"li\xff", "--name", "x", "--by", "admin"), PASSWORD.encode()),
        (("person", "add", "li", "--name", b"\xff", "--by", "admin"), PASSWORD.encode()),
        (("person", "add", "li", "--name", "x", "--by", b"\xff"), PASSWORD.encode()),
        (("person", "add", "li", "--name", "x", "--by", "admin"), b"\xff\xfe\n"),
        (
            ("token", "issue", b"\xff", "--site", "BJ01", "--scope", "read", "--by", "admin"),
            PASSWORD.encode(),
        ),
    ],
)
def test_bytes_that_are_no_text_are_refused_in_a_sentence(
    folder: Path, words: tuple[str | bytes, ...], given: bytes
) -> None:
    status, told = panku(folder, *words, given=given)
    assert status in (1, 2), told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("token", "issue", "{}", "--site", "BJ01", "--scope", "read", "--by", "admin"), 101),
        (("person", "add", "li", "--name", "{}", "--by", "admin"), 101),
        (("init", "--username", "x", "--name", "{}"), 101),
    ],
)
def test_a_text_that_the_api_would_not_take_is_bad_use(
    words: tuple[str, ...], least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, why in (
        ("x" * least, "a line of 1 to 100 characters"),
        (" ", "a line of 1 to 100 characters"),
        ("a\x1bb", "without U+001B"),
        ("a\nb", "without U+000A"),
        ("a\u202eb", "without U+202E"),
    ):
        with pytest.raises(SystemExit) as left:
            main([word.replace("{}", text) for word in words])
        assert (left.value.code, why in capsys.readouterr().err) == (2, True), text


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://panku:hunter2secret@127.0.0.1:1/panku",
        "postgresql://panku:hunter2secret@127.0.0.1:none/panku",
        "postgresql://panku:hunter2 secret@127.0.0.1:1/panku",
        "postgresql://panku:hunter2secret/x@127.0.0.1:1/panku",
        "postgresql://panku:pw@hunter2secret@127.0.0.1:1/panku",
        "postgresql://panku:hunter2secret?%zz@127.0.0.1/panku",
        "postgresql://[::1/panku?password=hunter2secret",
        "postgresql://127.0.0.1:1/panku?password=hunter2secret&bad",
        "sqlite:///x?password=hunter2secret",
        "mysql://panku:hunter2secret@127.0.0.1/panku",
    ],
)
def test_a_malformed_database_url_is_told_without_its_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PANKU_DATABASE_URL", url)
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    status = main(["verify"])
    told = capsys.readouterr().err
    assert status in (1, 2)
    assert told.startswith("panku: ")
    assert "hunter2" not in told
    assert "secret" not in told


def test_what_is_no_password_is_told_as_it_is() -> None:
    environment = {"PANKU_DATABASE_URL": "postgresql://panku:hunter2@db.example/panku"}
    text = 'connection to "db.example" failed for "panku": hunter2 is wrong'
    assert settings.without_passwords(text, environment) == text.replace("hunter2", "***")
    assert settings.without_passwords(text, {}) == text
