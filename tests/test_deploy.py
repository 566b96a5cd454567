"""The files of `deploy/`: settings and commands that exist, and limits that agree with Panku's own."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from panku.arriving import Bounds
from panku.commands import parser
from panku.gunicorn_conf import timeout
from panku.settings import SETTINGS, read_settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
ENVIRONMENT = (DEPLOY / "panku.env").read_text(encoding="utf-8")
NGINX = (DEPLOY / "nginx-panku.conf").read_text(encoding="utf-8")
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "UMask": "0077",
    "CapabilityBoundingSet": "", "MemoryDenyWriteExecute": "yes", "StateDirectory": "panku", "User": "panku",
    "InaccessiblePaths": "-/opt/panku/.git",
}  # fmt: skip


def given(text: str) -> dict[str, str]:
    """The variables that an environment file sets."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def unit(name: str) -> configparser.ConfigParser:
    """A unit of systemd; of a key that is given twice, the last."""
    read = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(DEPLOY / name, encoding="utf-8")
    return read


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_a_file_names_exists(path: Path) -> None:
    named = set(re.findall(r"PANKU_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named <= {setting.variable for setting in SETTINGS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_explained_in_the_operating_guide(path: Path) -> None:
    assert f"`{path.name}`" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_the_environment_is_one_that_panku_takes_and_asks_for_https() -> None:
    settings = read_settings(given(ENVIRONMENT))
    assert settings.needs_https
    assert settings.data_dir == Path("/var/lib/panku")


def test_a_clock_that_jumped_ahead_leaves_the_newest_backups(tmp_path: Path) -> None:
    for n in range(40):
        for name in (f"panku-202611{n:02d}T023000.backup", f"panku-202611{n:02d}T023000.backup.heads.json"):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (n, n))
    text = (DEPLOY / "panku-backup.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=/bin/sh -c '(cd .+)'$", text, re.MULTILINE)
    command = line.replace("$$", "$").replace("/var/backups/panku", str(tmp_path))
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert len(left := sorted(each.name for each in tmp_path.iterdir())) == 60
    assert left[0] == "panku-20261110T023000.backup"


@pytest.mark.parametrize("name", ["panku.service", "panku-backup.service"])
def test_every_command_of_a_unit_is_one_that_panku_takes(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    lines = re.findall(r"^ExecStart=.*?/opt/panku/\.venv/bin/panku ([^'\n]*)", text, re.MULTILINE)
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert parser(words[0]).parse_args(words).command == words[0]


def test_each_nights_backup_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = (DEPLOY / "panku-backup.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=(/bin/sh .*panku backup .*)$", text, re.MULTILINE)
    (tmp_path / "panku").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "panku").chmod(0o700)
    line = line.replace("$$", "$").replace("%%", "%")  # as systemd does
    words = shlex.split(line.replace("/opt/panku/.venv/bin/panku", str(tmp_path / "panku")))
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"backup --quiet /var/backups/panku/panku-\d{8}T\d{6}\.backup\n", told)


@pytest.mark.parametrize("name", ["panku.service", "panku-backup.service"])
@pytest.mark.parametrize("key", HARDENED)
def test_a_unit_may_do_no_more_than_it_must(name: str, key: str) -> None:
    assert unit(name)["Service"][key] == HARDENED[key]


def test_nginx_asks_where_panku_listens_and_lets_the_same_bodies_pass() -> None:
    settings = read_settings(given(ENVIRONMENT))
    assert f"server {settings.host}:{settings.port};" in NGINX
    assert f"client_max_body_size {settings.upload_limit_bytes // 2**20}m;" in NGINX
    (waits,) = re.findall(r"proxy_read_timeout (\d+)s;", NGINX)
    assert int(waits) > timeout


def test_nginx_takes_requests_whole_and_never_passes_on_who_a_client_says_it_is() -> None:
    for line in (
        "proxy_request_buffering on;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header Host $http_host;",
        'add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;',
    ):
        assert line in NGINX


def test_nginx_waits_for_a_request_as_long_as_panku_does() -> None:
    bounds = Bounds()
    assert f"client_header_timeout {bounds.head_seconds:g}s;" in NGINX
    assert f"client_body_timeout {bounds.body_seconds:g}s;" in NGINX
    assert f"send_timeout {bounds.taking_seconds:g}s;" in NGINX


def test_nginx_refuses_a_token_that_was_sent_in_clear_and_redirects_nothing_but_pages() -> None:
    (plain,) = re.findall(r"^server \{\n    listen 80;.*?^\}", NGINX, re.MULTILINE | re.DOTALL)
    places = re.findall(r"location (.+?) \{.*?return (\d+) (.*?);\n", plain, re.DOTALL)
    assert [(place, status) for place, status, _ in places] == [
        (r"~ ^/(v1|metrics)(/|$)", "403"),
        ("/", "301"),
    ]
    told = json.loads(places[0][2].strip("'"))
    assert (told["status"], told["code"]) == (403, "plain_http")
    assert "https" in told["detail"]
    assert "default_type application/problem+json;" in plain
