"""Check that a wheel holds the three packages and nothing else: ``python tests/wheel_check.py WHEEL``."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PACKAGES = {"cti_schema", "cti_client", "spoofer"}


def check(wheel: Path) -> None:
    """Exit with a message if the wheel is not as it must be."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        described = archive.read(metadata).decode()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    if tops != PACKAGES:
        sys.exit(f"the wheel holds {sorted(tops)}, not {sorted(PACKAGES)}")
    for package in PACKAGES:
        if f"{package}/py.typed" not in names:
            sys.exit(f"{package}/py.typed is missing")
    if "License-Expression: MIT" not in described:
        sys.exit("the licence is not declared")
    print(f"{wheel.name}: {len(names)} files in {', '.join(sorted(tops))}")


if __name__ == "__main__":
    check(Path(sys.argv[1]))
