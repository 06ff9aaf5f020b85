"""Passwords: where they come from, who may read the file, and that nothing shows them."""

from __future__ import annotations

import copy
import os
import pickle
import traceback
from pathlib import Path

import pytest

from cti_client.credentials import Credentials, Secret
from cti_schema.errors import ConfigurationError

FILE = """
[[login]]
cycler = "north"
user = "lab"
password = "of-north"

[[login]]
host = "Cycler.example"
password = "of-the-host"

[[login]]
user = "lab"
password = "of-lab"
"""

posix = pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CTI_PASSWORD", raising=False)


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "passwords.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("user", "host", "cycler", "password"),
    [
        ("lab", "10.0.0.1", "north", "of-north"),
        ("anna", "10.0.0.1", "north", None),
        ("lab", "10.0.0.1", "south", "of-lab"),
        ("lab", "10.0.0.1", None, "of-lab"),
        ("anna", "cycler.EXAMPLE", None, "of-the-host"),
        ("lab", "cycler.example", None, "of-the-host"),
        ("anna", "10.0.0.1", None, None),
    ],
)
def test_the_first_login_that_fits(
    tmp_path: Path, user: str, host: str, cycler: str | None, password: str | None
) -> None:
    found = Credentials(written(tmp_path, FILE)).password(user, host, cycler)
    assert (None if found is None else found.reveal()) == password


def test_the_variable_is_for_whom_the_file_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "of-the-variable")
    known = Credentials(written(tmp_path, FILE))
    found = [known.password("anna", "h"), known.password("lab", "h"), Credentials().password("lab", "h")]
    assert [one and one.reveal() for one in found] == ["of-the-variable", "of-lab", "of-the-variable"]


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o610, 0o777])
def test_a_file_that_others_may_open(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path, FILE, mode)
    with pytest.raises(ConfigurationError) as caught:
        Credentials(file)
    assert str(caught.value) == f"{file}: others than its owner may open it: run chmod 600 {file}"


@posix
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_the_owner_alone(tmp_path: Path, mode: int) -> None:
    assert Credentials(written(tmp_path, FILE, mode)).password("lab", "h") is not None


@posix
def test_a_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, FILE)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        Credentials(file)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[[login]]\nuser = "lab"\n', ", line 1: the key 'password' is missing"),
        ('[[login]]\npasword = "sesame"\n', ", line 2: unknown key 'pasword'; did you mean 'password'?"),
        ("[[login]]\npassword = 12345\n", ", line 2: 'password' must be a text, not a whole number"),
        ('[[login]]\npassword = "ses\name"\n', ", line 2, column 16: this is no TOML (Illegal character)"),
        ('[[login]]\npassword = "ses\x01ame"\n', ", line 2, column 16: this is no TOML (Illegal character)"),
        (
            'password = "sesame"\n',
            ", line 1: the key 'password' stands in no table: write [[login]] above it",
        ),
        ("", ": there is no [[login]] in it"),
    ],
)
def test_mistakes_are_told_without_what_stands_there(tmp_path: Path, text: str, error: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        Credentials(file)
    assert str(caught.value).startswith(f"{file}{error}")
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(part in shown for part in ("sesame", "12345", "\\x01"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none: No such file or directory"):
        Credentials(tmp_path / "none")


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    secret = Secret("sesame")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>5}", repr([secret]), repr({"a": secret})]
    shown += [repr(Credentials(written(tmp_path, FILE))), str(vars(Credentials(written(tmp_path, FILE))))]
    assert not any("sesame" in text or "of-" in text for text in shown)
    assert secret.reveal() == "sesame"
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="a secret is not pickled"):
            copier(secret)
