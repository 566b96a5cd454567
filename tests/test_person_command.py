"""`panku person reset`: the way back for an administrator whom nobody else can reset."""

import io

import pytest

from devices.journal import open_journals
from devices.people import signing_keys
from devices.people.signing_in import sign_in
from devices.people.signing_in.session_store import session_store_url
from devices.problems import Refused
from devices.store.database import Store
from devices.values import UNIT
from panku.commands import main
from panku.demo import PASSWORDS
from panku.wiring import clock

NEW = "twelve slow trams uphill"


@pytest.fixture
def store(demo_of_commands: Store) -> Store:
    """Demo books, which are those of the command's process."""
    return demo_of_commands


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What the command finds on its standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))


def test_an_administrator_is_reset_on_the_systems_word_and_signs_up_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (key,) = signing_keys.keys_of(store, "admin")
    assert main(["person", "reset", "admin"]) == 0
    code = capsys.readouterr().out.strip()
    revisions = store.rows(
        "SELECT made_by, content FROM revision WHERE kind = 'key' AND key = ?", (key.fingerprint,)
    )
    assert [(by, '"status":"void"' in content) for by, content in revisions][-1] == ("system", True)
    session_store = Store(session_store_url(store.url))
    with pytest.raises(Refused, match="wrong_credentials"):
        sign_in.sign_in(
            store,
            session_store,
            username="admin",
            password=PASSWORDS["admin"][0],
            address="here",
            at_us=clock(),
        )
    typed(monkeypatch, NEW)
    assert main(["person", "enrol", "admin", "--code", code]) == 0
    signed = sign_in.sign_in(
        store, session_store, username="admin", password=NEW, address="here", at_us=clock()
    )
    assert signed.person.may(("admin",), UNIT)


def test_nobody_but_an_administrator_is_reset_on_the_systems_word(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.writing():
        before = open_journals(store, [UNIT], clock()).heads[UNIT]
    for username in ("zhang", "nobody"):
        assert main(["person", "reset", username]) == 2
        assert f"{username} is no administrator" in capsys.readouterr().err
    with store.writing():
        assert open_journals(store, [UNIT], clock()).heads[UNIT] == before


def test_a_person_is_renamed_shut_out_and_let_back_in(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    password = PASSWORDS["admin"][0]
    typed(monkeypatch, password)
    assert main(["person", "rename", "zhang", "--name", "张三丰", "--by", "admin"]) == 0
    typed(monkeypatch, password)
    assert main(["person", "deactivate", "zhang", "--by", "admin"]) == 0
    capsys.readouterr()
    assert main(["person", "list"]) == 0
    assert "zhang\t张三丰\t-\tinactive" in capsys.readouterr().out
    typed(monkeypatch, password)
    assert main(["person", "reactivate", "zhang", "--by", "admin"]) == 0
    code = capsys.readouterr().out.strip()
    typed(monkeypatch, NEW)
    assert main(["person", "enrol", "zhang", "--code", code]) == 0


def test_an_administrator_resets_another_person_with_their_own_password(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, PASSWORDS["admin"][0])
    assert main(["person", "reset", "zhang", "--by", "admin"]) == 0
    assert [key.status for key in signing_keys.keys_of(store, "zhang")] == ["void"]


@pytest.mark.parametrize(
    "words", [["add", "wu", "--name", "吴"], ["grant", "zhang", "admin"], ["revoke", "zhang", "admin"]]
)
def test_everything_else_needs_an_administrators_word(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["person", *words])
    assert left.value.code == 2


def test_a_certificate_is_renewed_on_an_administrators_word_and_listed(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paper = ["--number", "SG-0002", "--issuer", "启明税控设备厂", "--by", "admin"]
    typed(monkeypatch, PASSWORDS["admin"][0])
    assert main(["person", "certificate", "wang", "--valid-until", "2099-11-30", *paper]) == 0
    typed(monkeypatch, PASSWORDS["admin"][0])
    assert main(["person", "certificate", "wang", "--valid-until", "2020-11-30", *paper]) == 1
    assert "reason" in capsys.readouterr().err.lower()
    assert main(["person", "list"]) == 0
    assert "wang\t王强\ttechnician@BJ01\tactive\tcertificate until 2099-11-30" in capsys.readouterr().out
