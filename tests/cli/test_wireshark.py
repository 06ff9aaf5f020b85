"""`cti wireshark`: what it writes, where, and what it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import cti_schema
from cti_client.cli.wireshark import command, plugin_folder
from cti_schema.derive.wireshark import dissector


def test_the_dissector_goes_to_standard_output() -> None:
    done = CliRunner().invoke(command)
    assert done.exit_code == 0
    assert done.stdout_bytes.decode("utf-8") == dissector(cti_schema.messages())


def test_install_writes_a_file_and_again_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    for _ in range(2):
        done = CliRunner().invoke(command, ["--install", "--folder", str(folder)])
        assert done.exit_code == 0
        assert str(folder / "cti.lua") in done.output
    assert [file.name for file in folder.iterdir()] == ["cti.lua"]
    assert (folder / "cti.lua").read_text("utf-8") == dissector(cti_schema.messages())


def test_somebody_elses_file_stays(tmp_path: Path) -> None:
    (tmp_path / "cti.lua").write_text("-- mine", "utf-8")
    done = CliRunner().invoke(command, ["--install", "--folder", str(tmp_path)])
    assert done.exit_code != 0
    assert (tmp_path / "cti.lua").read_text("utf-8") == "-- mine"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_loads_it_from_the_plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert tmp_path in plugin_folder().parents
    done = CliRunner().invoke(command, ["--install"])
    assert done.exit_code == 0, done.output
    tshark = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True)
    assert "\tcti.start_schedule.test_name\t" in tshark.stdout
