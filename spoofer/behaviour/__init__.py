"""What the cycler does when it is asked: one module per subject, each function registered by `reply_to`."""

from spoofer.behaviour import (
    assign_file,
    barcodes,
    callback,
    control,
    files,
    login,
    machine,
    objects,
    reading,
    reading_json,
    requirements,
    resuming,
    setting,
    trays,
    udp,
)

__all__ = [
    "assign_file",
    "barcodes",
    "callback",
    "control",
    "files",
    "login",
    "machine",
    "objects",
    "reading",
    "reading_json",
    "requirements",
    "resuming",
    "setting",
    "trays",
    "udp",
]
