"""The bill of materials of what serves, as CycloneDX JSON on standard output: `make sbom`.

It is read from locks/serving.txt, so it is of what is installed, to the hash, and has no registry's address. The same
lock gives the same bytes: no moment and nothing random is in it. It is checked against the format's own schema first.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "locks" / "serving.txt"
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<where>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


class Locked(NamedTuple):
    """One package of a lock: name, version, on which platforms ("" for all), the SHA-256 of each of its files."""

    name: str
    version: str
    where: str
    hashes: tuple[str, ...]


def locked_in(text: str) -> Iterator[Locked]:
    """The packages of a lock, in its order."""
    for entry in ENTRY.finditer(text):
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", entry["hashes"]))
        yield Locked(entry["name"], entry["version"], entry["where"] or "", hashes)


def bill_of(lock: str, project: dict[str, Any]) -> str:
    """The bill of a lock's text; `project` is the table of that name in pyproject.toml.

    Exits where the format's schema refuses it.
    """
    # Of build/billing alone, which no test and nothing that serves has.
    from cyclonedx.model import HashAlgorithm, HashType, Property  # noqa: PLC0415
    from cyclonedx.model.bom import Bom, BomMetaData  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    panku = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref="panku",
        description=project["description"],
    )
    components = [
        Component(
            name=each.name,
            version=each.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{each.name}=={each.version}",
            purl=PackageURL("pypi", name=each.name, version=each.version),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=found) for found in each.hashes],
            properties=[Property(name="panku:platforms", value=each.where)] if each.where else [],
        )
        for each in locked_in(lock)
    ]
    metadata = BomMetaData(component=panku)
    bom = Bom(components=components, metadata=metadata, serial_number=uuid.uuid5(uuid.NAMESPACE_OID, lock))
    metadata.timestamp = None
    asked = {re.split(r"[;\[ <>=]", one)[0].lower() for one in project["dependencies"]}
    bom.register_dependency(panku, [each for each in components if each.name in asked])
    bill = json.loads(JsonV1Dot6(bom).output_as_string())
    # The lock does not say what each package needs itself, and an entry without any would say that it needs nothing.
    bill["dependencies"] = [each for each in bill["dependencies"] if "dependsOn" in each]
    text = json.dumps(bill, indent=2)
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"This is no bill of materials: {fault}")
    return text


if __name__ == "__main__":
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    print(bill_of(LOCK.read_text(encoding="utf-8"), declared["project"]))  # noqa: T201  (it is what it is for)
