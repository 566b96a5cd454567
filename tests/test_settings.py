"""The settings: one table, and a sentence for whatever is wrong."""

from pathlib import Path

import pytest

from panku.settings import SETTINGS, Setting, SettingsRefused, read_settings

WRONG = (
    ("PANKU_PORT", "eighty"),
    ("PANKU_PORT", "0"),
    ("PANKU_PORT", "65536"),
    ("PANKU_PORT", "８０００"),
    ("PANKU_WORKERS", "-1"),
    ("PANKU_THREADS", ""),
    ("PANKU_HOST", "warehouse.example"),
    ("PANKU_DATABASE_URL", "mysql://here/there"),
    ("PANKU_REPLICA_URL", "sqlite:///copy.sqlite3"),
    ("PANKU_TRUSTED_PROXIES", "*"),
    ("PANKU_TRUSTED_PROXIES", "10.0.0.1,proxy"),
    ("PANKU_LOG_LEVEL", "loud"),
    ("PANKU_BODY_LIMIT_BYTES", "2MiB"),
    ("PANKU_UPLOAD_LIMIT_BYTES", "1"),
    ("PANKU_DATA_DIR", ""),
    ("PANKU_METRICS_TOKEN", "too short"),
    ("PANKU_METRICS_TOKEN", "long enough but with blanks in it"),
)


def test_every_setting_has_a_default_that_is_right() -> None:
    settings = read_settings({})
    assert settings.database_url == "sqlite:///data/panku.sqlite3"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.body_limit_bytes, settings.upload_limit_bytes) == (2 * 2**20, 5 * 2**20)


@pytest.mark.parametrize(("variable", "text"), WRONG)
def test_a_wrong_value_is_refused_naming_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingsRefused, match=f"^{variable} must be .+\\.$"):
        read_settings({variable: text})


def test_every_setting_can_be_wrong() -> None:
    assert {variable for variable, _ in WRONG} == {setting.variable for setting in SETTINGS}


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="PANKU_PROT is not a setting"):
        read_settings({"PANKU_PROT": "8000"})


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({"PANKU_PROT": "1", "PANKU_PORT": "x", "PANKU_HOST": "x"})
    assert len(str(refused.value).splitlines()) == 3


def test_other_programs_variables_are_left_alone() -> None:
    read_settings({"PATH": "/bin", "PANKUCHEN": "lecker", "PANKU_REQUIRE_BROWSER": "1"})


def test_the_default_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert (
        read_settings({"PANKU_DATA_DIR": str(tmp_path)}).database_url == f"sqlite:///{tmp_path}/panku.sqlite3"
    )


def test_proxies_are_a_list() -> None:
    assert read_settings({"PANKU_TRUSTED_PROXIES": "10.0.0.1, ::1"}).trusted_proxies == ("10.0.0.1", "::1")


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_loopback_is_recognised(host: str, loopback: bool) -> None:
    assert read_settings({"PANKU_HOST": host}).is_loopback is loopback


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.field)
def test_every_setting_says_what_it_means(setting: Setting) -> None:
    assert setting.kind
    assert setting.meaning


@pytest.mark.parametrize(
    ("host", "proxies", "secure"),
    [("127.0.0.1", "", False), ("127.0.0.1", "127.0.0.1", True), ("192.0.2.1", "", True)],
)
def test_cookies_need_https_unless_only_this_machine_asks(host: str, proxies: str, *, secure: bool) -> None:
    settings = read_settings({"PANKU_HOST": host, "PANKU_TRUSTED_PROXIES": proxies})
    assert settings.needs_https is secure
