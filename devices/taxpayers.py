"""What a taxpayer id (纳税人识别号) is: the 18-character unified code and the older forms still on certificates."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec
from stdnum.cn import uscc

from devices.problems import Problem
from devices.serials import half_width, shortened, trimmed
from devices.texts.characters import seen

TaxpayerForm = Literal["uscc", "older_15", "older_17", "older_20"]


class Taxpayer(msgspec.Struct, frozen=True):
    """A recognised taxpayer id, upper case without blanks, and which form it has."""

    id: str
    form: TaxpayerForm

    @property
    def older(self) -> bool:
        """Whether it is one of the forms from before the unified code (2015)."""
        return self.form != "uscc"


FORMS: tuple[tuple[TaxpayerForm, re.Pattern[str]], ...] = (
    # GB 32100-2015: department, kind, six digits of GB/T 2260, organisation code, check character; no I, O, Z, S, V.
    # The department may be a letter (N for rural collectives, Y for others), which stdnum's own `validate` refuses.
    ("uscc", re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")),
    # 国税函〔2006〕820号: six digits of the region and the nine characters of an organisation code (GB 11714, whose
    # check character may be X); or fifteen digits given out by the tax office.
    ("older_15", re.compile(r"[0-9]{6}[0-9A-Z]{8}[0-9X]")),
    # 税总发〔2013〕41号, kept by 国家税务总局公告2015年第66号 article 2: an identity number and two characters of
    # sequence; with the 15-digit identity numbers from before 1999, and with the 18-character ones (GB 11643).
    ("older_17", re.compile(r"[0-9]{15}[0-9A-Z]{2}")),
    ("older_20", re.compile(r"[0-9]{17}[0-9X][0-9A-Z]{2}")),
)


def recognise_taxpayer(text: str, pointer: str = "") -> Taxpayer | Problem:
    """The taxpayer that `text` names, or why it names none.

    Problems: `malformed_taxpayer_id`, `taxpayer_check_character` (GB 32100, modulo 31; older forms carry no check over
    the whole and are taken as printed), and `full_width` with the form it looks like.
    """
    bare = trimmed(text)
    form = _form(bare)
    if form is None:
        looks_like = trimmed(half_width(bare))
        if _form(looks_like) is not None:
            return Problem("full_width", pointer, {"text": shortened(text), "serial": looks_like})
        return Problem("malformed_taxpayer_id", pointer)
    if form == "uscc" and uscc.calc_check_digit(bare[:17]) != bare[17]:
        return Problem("taxpayer_check_character", pointer)
    return Taxpayer(bare, form)


def same_name(one: str, other: str) -> bool:
    """Whether two writings are of one company's name.

    Brackets and blanks of either width, or none, are the same, and so is what is seen alike: a name from before it was
    refused may have a character that nobody can type.
    """
    return _bare_name(one) == _bare_name(other)


def _bare_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", seen(name)).split())


def _form(text: str) -> TaxpayerForm | None:
    return next((form for form, shape in FORMS if shape.fullmatch(text)), None)
