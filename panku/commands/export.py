"""`panku export`: what leaves the books to be kept outside, such as the evidence of a sealed sheet."""

import argparse
from pathlib import Path

from devices.audit import evidence, months, stocktakes
from devices.audit.kinds import Signature
from devices.audit.signing import Payload, standing
from devices.database import Store
from devices.problems import Refused as RuleRefused
from panku.commands import BAD_USE, DONE, Refused
from panku.commands.opening import books
from panku.settings import Settings

MONTH_SLASHES = 2  # SITE/register/YYYY-MM


def declare(parser: argparse.ArgumentParser) -> None:
    """What to export, and where to."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    one = what.add_parser(
        "evidence", help="the signatures over a sheet, with the keys and the journal's links"
    )
    one.add_argument(
        "number", help="a stocktake such as S-BJ01-000001, or a month such as BJ01/spare/2026-11"
    )
    one.add_argument("--to", type=Path, metavar="FILE", help="by default NUMBER.evidence.json")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the file, and tell the digest and the signers' fingerprints, which a checker compares."""
    with books(settings) as store:
        payload, signatures = signed(store, arguments.number)
        bundle = evidence.bundle_of(store, payload, signatures)
    path: Path = arguments.to or Path(f"{arguments.number.replace('/', '-')}.evidence.json")
    try:
        path.write_bytes(evidence.written(bundle))
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error
    print(f"{path}: {len(signatures)} signatures over {payload.digest}")
    for given in signatures:
        print(f"{given.role} {given.username} {given.fingerprint}")
    return DONE


def signed(store: Store, number: str) -> tuple[Payload, list[Signature]]:
    """What was signed under a number, and the signatures that stand. Raises Refused where nothing is closed."""
    if number.count("/") == MONTH_SLASHES:
        try:
            return months.payload_and_signatures(store, *number.split("/"))
        except RuleRefused:
            raise Refused(f"There is no closed month {number}.") from None
    try:
        counted, _ = stocktakes.stocktake_of(store, number)
    except RuleRefused:
        raise Refused(f"There is no stocktake {number}.") from None
    if counted.closed is None:
        raise Refused(f"The stocktake {number} is {counted.state}: only a closed one has a sheet.")
    payload = stocktakes.payload_of(store, counted)
    return payload, standing(store, number, payload.digest)
