"""`panku export`: what leaves the books to be kept outside, such as the evidence of a sealed sheet."""

import argparse
from collections.abc import Callable
from pathlib import Path

from devices.audit import evidence, handovers, months, stocktakes
from devices.audit.custody import HANDOVER_PREFIX
from devices.audit.kinds import STOCKTAKE_PREFIX, Signature
from devices.audit.signing import Payload, standing
from devices.database import Store
from devices.problems import Refused as RuleRefused
from devices.problems import refuse
from panku.commands import BAD_USE, DONE, Refused
from panku.commands.opening import books
from panku.commands.words import refusal
from panku.settings import Settings

Signed = tuple[Payload, list[Signature]]
MONTH_SLASHES = 2  # SITE/register/YYYY-MM


def declare(parser: argparse.ArgumentParser) -> None:
    """What to export, and where to."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    one = what.add_parser(
        "evidence", help="the signatures over a sheet, with the keys and the journal's links"
    )
    one.add_argument(
        "number",
        help="a stocktake such as S-BJ01-000001, a handover such as H-BJ01-000001, or a month such as"
        " BJ01/spare/2026-11",
    )
    one.add_argument("--to", type=Path, metavar="FILE", help="by default NUMBER.evidence.json")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the file, and tell the digest and the signers' fingerprints, which a checker compares."""
    number: str = arguments.number
    with books(settings) as store:
        try:
            payload, signatures = signed(store, number)
        except RuleRefused as refused:
            raise Refused(f"{number}: {refusal(refused)}") from refused
        bundle = evidence.bundle_of(store, payload, signatures)
    path: Path = arguments.to or Path(f"{number.replace('/', '-')}.evidence.json")
    try:
        path.write_bytes(evidence.written(bundle))
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error
    print(f"{path}: {len(signatures)} signatures over {payload.digest}")
    for given in signatures:
        print(f"{given.role} {given.username} {given.fingerprint}")
    return DONE


def signed(store: Store, number: str) -> Signed:
    """What was signed under a number, and the signatures that stand. Raises devices.problems.Refused for no such."""
    if number.count("/") == MONTH_SLASHES:
        return months.payload_and_signatures(store, *number.split("/"))
    find = FOUND.get(number.partition("-")[0])
    if find is None:
        raise refuse("not_found")
    payload = find(store, number)
    return payload, standing(store, number, payload.digest)


def _of_stocktake(store: Store, number: str) -> Payload:
    counted, _ = stocktakes.stocktake_of(store, number)
    if counted.closed is None:
        raise refuse("stocktake_not_closed", stocktake=number, state=counted.state)
    return stocktakes.payload_of(store, counted)


def _of_handover(store: Store, number: str) -> Payload:
    return handovers.payload_of(handovers.handover_of(store, number)[0])


FOUND: dict[str, Callable[[Store, str], Payload]] = {
    STOCKTAKE_PREFIX: _of_stocktake,
    HANDOVER_PREFIX: _of_handover,
}
"""What a number's prefix stands for."""
