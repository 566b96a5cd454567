"""What the links of a file of evidence prove by themselves, and what a head proves that was held outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from devices.audit import evidence
from devices.audit.evidence_checks import Report, check_evidence
from devices.chain import Held, Link
from devices.journal import heads
from panku.commands.export import signed
from tests import custody
from tests.conftest import Stores
from tests.evidence_files import EARLIER, SEALED, Sealed, changed, forged, opened, sealed_house, trusted_in

NOBODYS = "nobody has signed the links after"


@pytest.fixture(scope="module", params=SEALED)
def sealed(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Sealed]:
    with sealed_house(stores, request.param) as made:
        yield made


@pytest.fixture(scope="module")
def content(sealed: Sealed) -> bytes:
    return sealed.content


def check(content: bytes, *held: Held) -> Report:
    """What becomes of a file whose own keys one trusts."""
    return check_evidence(content, trusted_in(content), held)


def head(link: Link) -> Held:
    return (link.site, link.seq, link.hash)


def other(link: Link) -> Held:
    """A head that contradicts a link."""
    return (link.site, link.seq, link.hash[::-1])


def place_of(content: bytes, reference: str) -> int:
    """Where the link is that refers to something that so begins."""
    return next(n for n, link in enumerate(opened(content).links) if link.reference.startswith(reference))


# --- a forger who can hash


def between(content: bytes) -> int:
    """The place of a link that is of neither a signature nor what is sealed."""
    kinds = {"signature", evidence.SIGNABLE[opened(content).envelope.payload_type].kind.name}
    return next(n for n, link in enumerate(opened(content).links[1:], 1) if link.kind not in kinds)


def test_links_made_anew_can_not_be_told_without_a_head_and_are_told_with_one(content: bytes) -> None:
    links = opened(content).links
    forgeries = {
        "nothing": forged(content),
        "one left out": forged(content, without=[between(content)]),
        "one put in": forged(content, put_in={between(content): ("visit", "V-BJ01-000009@1")}),
        "another session": forged(content, records={0: {"session": "0" * 64}}),
    }
    assert forgeries.pop("nothing") == content
    for name, file in forgeries.items():
        alone, against = check(file), check(file, head(links[-1]))
        assert alone.holds, name
        assert any(NOBODYS in text for text in alone.limits), name
        assert not (against.holds and against.bound), name


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        (0, {"role": "auditor!"}),
        (0, {"username": "mallory", "fingerprint": "0" * 64}),
        (1, {"digest": "0" * 64}),
        (1, {"signature": "0" * 128}),
        (1, {"signature": "no hex"}),
        (0, {"signed_at": 1}),
        (0, {"subject": "S-BJ01-000009"}),
        (1, {"void": True}),
        (-1, {"state": "closed"}),
        (-1, {"state": "cancelled"}),
    ],
    ids=lambda told: next(iter(told)) if isinstance(told, dict) else None,
)
def test_a_record_that_says_otherwise_is_told_though_its_link_covers_it(
    content: bytes, record: int, changes: dict[str, Any]
) -> None:
    count = len(opened(content).records)
    assert check(forged(content, records={record % count: changes})).faults


def test_a_signature_that_was_voided_before_the_seal_is_told(content: bytes) -> None:
    bundle = opened(content)
    void = next(link for link in bundle.links if link.kind == "signature").reference.replace("@1", "@2")
    report = check(forged(content, put_in={len(bundle.links) - 1: ("signature", void)}))
    assert [text for text in report.faults if "was void before" in text]


def test_records_under_no_link_of_the_file_are_told(content: bytes) -> None:
    for reference in {link.reference for link in opened(content).links if link.kind == "signature"}:
        report = check(forged(content, without=[place_of(content, reference)]))
        assert [text for text in report.faults if "no link of the file covers it" in text]


def test_links_that_go_on_after_the_seal_are_told_unless_a_head_is_held_there(sealed: Sealed) -> None:
    assert custody.inspect(sealed.house.of("li")).status_code == 201
    held = next(each for each in heads(sealed.house.store) if each.site == "BJ01")
    file = exported(sealed, until=held.seq)
    end = opened(file).links[-1]
    assert (end.seq, end.hash) == (held.seq, held.hash)
    assert opened(file).links[: len(opened(sealed.content).links)] == opened(sealed.content).links
    assert [text for text in check(file).faults if "go on after" in text]
    assert [text for text in check(file, ("TJ01", 1, "0" * 64)).faults if "go on after" in text]
    report = check(file, head(end))
    assert (report.holds, report.bound) == (True, True)


def exported(sealed: Sealed, *, until: int) -> bytes:
    """The evidence of what is sealed, with links that go on to a number."""
    number = "/".join(sealed.path.split("/")[3:])
    payload, signatures = signed(sealed.house.store, number)
    return evidence.written(evidence.bundle_of(sealed.house.store, payload, signatures, until=until))


# --- heads held outside


def test_a_head_binds_the_file_where_it_is_the_last_link(content: bytes) -> None:
    links = opened(content).links
    report = check(content, head(links[-1]))
    assert (report.holds, report.bound) == (True, True)
    assert not any("BJ01/" in text for text in report.limits)
    partly = check(content, head(links[0]), head(links[-2]))
    assert (partly.holds, partly.bound) == (True, False)
    assert any(f"after BJ01/{links[-2].seq} are not bound" in text for text in partly.limits)


def test_a_head_that_contradicts_is_a_fault_wherever_it_is(content: bytes) -> None:
    bundle = opened(content)
    words = [key.word.link for key in bundle.keys if key.word]
    for link in (*bundle.links, *words):
        report = check(content, other(link), head(bundle.links[-1]))
        assert report.faults == (f"link {link.site}/{link.seq}: it is not the head that is held outside",)
    first = bundle.links[0]
    assert check(content, (first.site, first.seq - 1, first.previous)).holds
    assert check(content, (first.site, first.seq - 1, first.hash)).faults


def test_a_head_that_the_file_does_not_reach_binds_nothing_and_says_so(content: bytes) -> None:
    first, *_, last = opened(content).links
    beyond = check(content, ("BJ01", last.seq + 5, "0" * 64))
    before = check(content, ("BJ01", first.seq - 5, "0" * 64))
    elsewhere = check(content, ("TJ01", last.seq, "0" * 64))
    for report in (beyond, before, elsewhere):
        assert (report.holds, report.bound) == (True, False)
        assert any(f"the links after BJ01/{first.seq} are not bound" in text for text in report.limits)
    assert any("lies beyond the file" in text for text in beyond.limits)
    assert not any("lies beyond the file" in text for text in (*before.limits, *elsewhere.limits))


def test_it_says_which_links_tell_on_whose_word_the_keys_are_until_heads_are_held_of_them(
    content: bytes,
) -> None:
    bundle = opened(content)
    words = {head(key.word.link) for key in bundle.keys if key.word}
    (told,) = check(content, head(bundle.links[-1])).limits
    assert all(f"UNIT/{seq}" in told for _, seq, _ in words)
    assert check(content, head(bundle.links[-1]), *words).limits == ()


def test_an_earlier_format_holds_by_its_own_rules_and_says_what_it_promises_less() -> None:
    for file in EARLIER:
        content = file.read_bytes()
        links = opened(content).links
        cut = changed(content, links=json.loads(content)["links"][:-1])
        for each in (content, cut):
            report = check(each)
            assert report.holds
            assert re.match("this is the (first|second) format", report.limits[0])
            assert any("at its end some may be missing or made up" in text for text in report.limits)
        assert check(content, head(links[-1])).bound is True
        assert check(cut, head(links[-1])).bound is False
        assert check(content, other(links[-1])).faults
