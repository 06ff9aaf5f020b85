"""What the cycler does when it is asked: one module per subject, each function registered by `reply_to`."""

from spoofer.behaviour import control, login, reading

__all__ = ["control", "login", "reading"]
