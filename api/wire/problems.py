"""Refusals over HTTP: RFC 9457 problem details, one shape for every error, every fault of a batch at once."""

from __future__ import annotations

from typing import Any

import msgspec

from devices.problems import PROBLEMS, Problem, Refused
from labels.words import Locale, sentence

MEDIA_TYPE = "application/problem+json"


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong: where (a JSON pointer), its stable code, a sentence. Its facts stand beside them."""

    pointer: str
    code: str
    detail: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """An error, as RFC 9457 has it, with a stable `code` and every fault found; `cause` is why `unavailable`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[Fault, ...] = ()
    cause: str | None = None


def details_of(refused: Refused, locale: Locale) -> dict[str, Any]:
    """The problem document of a refusal, in the caller's language."""
    first = refused.problems[0]
    return {
        "type": f"urn:panku:problem:{first.code}",
        "title": sentence(f"problem.{first.code}", first.facts, locale),
        "status": refused.status,
        "detail": " ".join(dict.fromkeys(_detail(problem, locale) for problem in refused.problems[:20])),
        "code": first.code,
        "errors": [_fault(problem, locale) for problem in refused.problems],
        **({"cause": first.facts.get("cause")} if first.code == "unavailable" else {}),
    }


def _detail(problem: Problem, locale: Locale) -> str:
    return sentence(f"problem.{problem.code}", problem.facts, locale)


def _fault(problem: Problem, locale: Locale) -> dict[str, Any]:
    return {
        **problem.facts,
        "pointer": problem.pointer,
        "code": problem.code,
        "detail": _detail(problem, locale),
    }


def fault_of(problem: Problem, locale: Locale) -> Fault:
    """One thing wrong, told within an answer."""
    return Fault(problem.pointer, problem.code, _detail(problem, locale))


def statuses() -> list[int]:
    """Every HTTP status a refusal can have."""
    return sorted({meaning.status for meaning in PROBLEMS.values()})
