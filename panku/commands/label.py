"""`panku label`: labels of devices, bins and documents and command cards, as PDF, ZPL, SVG or PNG."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from tqdm import tqdm

from devices import serials
from devices.ledger.papers.labelled import (
    BinWanted,
    Command,
    CommandWanted,
    DevicesWanted,
    DocumentWanted,
    Wanted,
    labelled,
)
from devices.problems import Refused as RuleRefused
from labels.barcodes import RESOLUTIONS, ModuleUm
from labels.label_printing import FORMATS, Order, printed
from labels.label_stock import OWN_SIZE, STOCK, Pair, Stock, checked
from labels.label_values import labels_of
from labels.pdf import A4_MM
from labels.words import LANGUAGE_TAGS, Locale
from labels.zpl import PRINTER_FONT
from panku.commands import BAD_USE, DONE, Refused
from panku.console.opening import books
from panku.console.terminal import say
from panku.console.words import refusal
from panku.settings import Settings
from panku.wiring import clock

_MODULES_UM: dict[str, ModuleUm] = {"0.25": 250, "0.33": 330}
LANGUAGES: dict[str, Locale] = {tag: locale for locale, tag in LANGUAGE_TAGS.items()}
LONGEST_SIDE_MM, LEAST_SIDE_MM, MOST_ACROSS = 1000.0, 10.0, 100
STANDARD_OUTPUT = "-"


def declare(parser: argparse.ArgumentParser) -> None:
    """What to label, on what, and where to."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    device = what.add_parser("device", help="devices, by serials and ranges such as 661565714353-380")
    device.add_argument("serials", nargs="+", metavar="SERIAL")
    place = what.add_parser("bin", help="bins of a site, all active ones where none is named")
    place.add_argument("site")
    place.add_argument("codes", nargs="*", metavar="CODE")
    document = what.add_parser("document", help="documents, by number")
    document.add_argument("numbers", nargs="+", metavar="NUMBER")
    command = what.add_parser("command", help="cards for the scanning page, all of them where none is named")
    command.add_argument(
        "commands", nargs="*", type=_command, metavar="COMMAND", help=", ".join(get_args(Command))
    )
    for one in (device, place, document, command):
        _declare_printing(one)


def _declare_printing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="pdf")
    parser.add_argument("--to", metavar="FILE", help="by default labels.FORMAT; - is standard output")
    parser.add_argument("--stock", choices=STOCK, help="by default L7160, for ZPL 60x40")
    parser.add_argument("--size", type=_sides, metavar="WxH", help="a label of your own, in mm")
    parser.add_argument("--grid", type=_grid, metavar="CxR", help="its columns and rows, by default 1x1")
    parser.add_argument("--page", type=_sides, metavar="WxH", help="its page in mm, by default A4")
    parser.add_argument("--gap", type=_pair, metavar="WxH", help="between labels, in mm")
    parser.add_argument(
        "--margin", type=_pair, metavar="LxT", help="left and above; by default the labels are in the middle"
    )
    parser.add_argument(
        "--start", type=_whole, default=1, metavar="N", help="the first sheet's first free label"
    )
    parser.add_argument(
        "--offset", type=_offset, metavar="X,Y", default=(0.0, 0.0), help="moves all, in mm; --offset=-0.5,1"
    )
    parser.add_argument("--module", choices=_MODULES_UM, default="0.25", help="the narrowest bar, in mm")
    parser.add_argument("--dpi", type=_whole, choices=RESOLUTIONS, help="of a thermal printer or a PNG")
    parser.add_argument("--printer-font", type=_font, metavar="E:NAME.TTF", help="Chinese from the printer")
    parser.add_argument("--outline", action="store_true", help="draw the labels' edges")
    parser.add_argument("--language", choices=LANGUAGES, default="zh-CN")


OF_A_SIZE = ("grid", "page", "gap", "margin")
"""What says more of a size of one's own, and means nothing without it."""


def _refuse_unfit(arguments: argparse.Namespace) -> None:
    """Refuse words that contradict each other, or that would be left aside without a word."""
    if arguments.size is not None and arguments.stock is not None:
        raise Refused("--stock and --size: give one of them", BAD_USE)
    idle = [f"--{name}" for name in OF_A_SIZE if getattr(arguments, name) is not None]
    if arguments.size is None and idle:
        raise Refused(f"{', '.join(idle)}: only with --size, a label of your own", BAD_USE)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the file, and tell how many labels are in it."""
    _refuse_unfit(arguments)
    locale = LANGUAGES[arguments.language]
    with books(settings) as store:
        try:
            found = labelled(
                store, _wanted(arguments), most=serials.LONGEST_LIST, reads_documents_of=lambda _: True
            )
            watched = tqdm(labels_of(found, locale), unit=" labels", leave=False, disable=None)
            drawn = printed(watched, _order_of(arguments), locale, clock())
        except RuleRefused as refused:
            raise refusal(refused) from refused
    if arguments.to == STANDARD_OUTPUT:
        sys.stdout.buffer.write(drawn)
        return DONE
    path = Path(arguments.to or f"labels.{arguments.format}")
    try:
        path.write_bytes(drawn)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error
    say(f"{path}: {len(found)} label{'' if len(found) == 1 else 's'}")
    return DONE


def _order_of(arguments: argparse.Namespace) -> Order:
    """The order that the words make. Raises RuleRefused (`stock_off_page`)."""
    return Order(
        format=arguments.format,
        stock=_stock(arguments),
        start=arguments.start,
        offset_mm=arguments.offset,
        module_um=_MODULES_UM[arguments.module],
        dpi=arguments.dpi,
        printer_font=arguments.printer_font,
        outline=arguments.outline,
    )


def _stock(arguments: argparse.Namespace) -> Stock | None:
    if arguments.size is None:
        return STOCK[arguments.stock] if arguments.stock else None
    columns, rows = arguments.grid or (1, 1)
    page, gap = arguments.page or A4_MM, arguments.gap or (0.0, 0.0)
    return checked(Stock(OWN_SIZE, arguments.size, columns, rows, page, gap, arguments.margin))


def _wanted(arguments: argparse.Namespace) -> list[Wanted]:
    """What the words name."""
    match arguments.what:
        case "device":
            return [DevicesWanted("\n".join(arguments.serials))]
        case "bin":
            return [BinWanted(arguments.site, code) for code in arguments.codes or (None,)]
        case "document":
            return [DocumentWanted(number) for number in arguments.numbers]
    commands: Sequence[Command] = arguments.commands or get_args(Command)
    return [CommandWanted(command) for command in commands]


# --- what argparse reads; an ArgumentTypeError is told as bad use, in its words


def _two(text: str, between: str, example: str) -> Pair:
    """Two numbers with a sign between them."""
    try:
        first, second = (float(part) for part in re.split(between, text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: two numbers, such as {example}") from None
    return first, second


def _pair(text: str) -> Pair:
    first, second = _two(text, "[x,]", "2.5x0")
    if not (0 <= first <= LONGEST_SIDE_MM and 0 <= second <= LONGEST_SIDE_MM):
        raise argparse.ArgumentTypeError(f"{text}: from 0 to {LONGEST_SIDE_MM:g} mm")
    return first, second


def _sides(text: str) -> Pair:
    pair = _pair(text)
    if min(pair) < LEAST_SIDE_MM:
        raise argparse.ArgumentTypeError(f"{text}: a side is {LEAST_SIDE_MM:g} mm at least")
    return pair


def _grid(text: str) -> tuple[int, int]:
    columns, rows = _two(text, "x", "3x7")
    if not (columns.is_integer() and rows.is_integer()):
        raise argparse.ArgumentTypeError(f"{text}: two whole numbers, such as 3x7")
    if not (1 <= columns <= MOST_ACROSS and 1 <= rows <= MOST_ACROSS):
        raise argparse.ArgumentTypeError(f"{text}: from 1 to {MOST_ACROSS}")
    return int(columns), int(rows)


def _offset(text: str) -> Pair:
    across, down = _two(text, ",", "-0.5,1")
    if not (abs(across) <= 20 and abs(down) <= 20):
        raise argparse.ArgumentTypeError(f"{text}: at most 20 mm either way")
    return across, down


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: a whole number, such as 1")
    return int(text)


def _command(text: str) -> str:
    if text not in get_args(Command):
        raise argparse.ArgumentTypeError(f"{text}: one of {', '.join(get_args(Command))}")
    return text


def _font(text: str) -> str:
    if not re.fullmatch(PRINTER_FONT, text):
        raise argparse.ArgumentTypeError(f"{text}: such as E:SIMSUN.TTF")
    return text
