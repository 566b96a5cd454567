"""The README's own shell lines, as a reader would paste them."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def story() -> list[str]:
    """The shell blocks of the walk through, in order."""
    _, _, walk = README.read_text().partition("## A walk through")
    return re.findall(r"```sh\n(.*?)```", walk, flags=re.DOTALL)
