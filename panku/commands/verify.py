"""`panku verify`: recompute every link, digest and position, and compare with heads held outside."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from devices.ledger.verify import export_heads, verify
from panku.commands import DONE, FAULT, Refused
from panku.commands.opening import reachable
from panku.settings import Settings
from panku.wiring import RECORD_KINDS


def declare(parser: argparse.ArgumentParser) -> None:
    """Which heads to compare with, and where to write today's."""
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="heads exported earlier, which must be in the journals"
    )
    parser.add_argument(
        "--export-heads", type=Path, metavar="FILE", help="write the heads, to be held outside"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong; the first wrong row of each journal is named."""
    heads = _read_heads(arguments.against) if arguments.against else None
    with reachable(settings) as store:
        with tqdm(unit=" rows", disable=arguments.quiet or not sys.stderr.isatty(), leave=False) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            report = verify(store, RECORD_KINDS, progress=progress, heads=heads)
        if arguments.export_heads:
            arguments.export_heads.write_text(json.dumps(export_heads(store), indent=2) + "\n")
    for fault in report.faults:
        print(f"WRONG {fault.table} {fault.key}: {fault.what}")
    print(f"{report.links} links, {report.lines} lines, {report.devices} devices: ", end="")
    print("all hold" if not report.faults else f"{len(report.faults)} faults")
    return FAULT if report.faults else DONE


def _read_heads(path: Path) -> dict[str, tuple[int, str]]:
    try:
        content = json.loads(path.read_text())
        return {site: (int(head["seq"]), str(head["hash"])) for site, head in content.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} holds no exported heads: {error}", 2) from error
