"""Tables of settings, fleet files and plans: each mistake has a sentence of its own, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti_client.fleet_file import Place, read_fleet
from cti_client.plan import Planned, read_plan
from cti_schema.errors import ConfigurationError

NORTH = '[[cycler]]\nname = "north"\nhost = "192.168.1.20"\nuser = "lab"\n\n'
HEAD = "cycler,channel,schedule,test name,barcode\n"


def sentence(error: pytest.ExceptionInfo[ConfigurationError], file: Path) -> str:
    """Return the sentence, which begins with the file, without it."""
    text = str(error.value)
    assert text.startswith(str(file))
    assert "\n" not in text
    return text.removeprefix(str(file))


def test_a_fleet_of_two(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(NORTH + '[[cycler]]\nname = "south"\nhost = "::1"\nport = 9999\n', encoding="utf-8")
    north, south = read_fleet(file)
    assert (north, south) == (Place("north", "192.168.1.20", 9031, "lab"), Place("south", "::1", 9999, None))
    assert (north.address, south.address) == ("192.168.1.20:9031", "[::1]:9999")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[[cycler]]\nname = "a"\n', ", line 1: the key 'host' is missing"),
        (NORTH + '[[cycler]]\nhost = "x"\n', ", line 6: the key 'name' is missing"),
        (
            NORTH + '[[cycler]]\nname = "b"\nhots = "x"\n',
            ", line 8: unknown key 'hots'; did you mean 'host'? (known: name, host, port, user)",
        ),
        (
            '[[cycler]]\nname = "b"\nhost = "x"\nport = "9031"\n',
            ", line 4: 'port' must be a whole number, not a text",
        ),
        ('[[cycler]]\nname = "b"\nhost = 5\n', ", line 3: 'host' must be a text, not a whole number"),
        (
            '[[cycler]]\nname = "b"\nhost = "x"\nport = true\n',
            ", line 4: 'port' must be a whole number, not true or false",
        ),
        ('[[cycler]]\nname = " "\nhost = "x"\n', ", line 2: 'name' is empty"),
        *(
            (
                f'[[cycler]]\nname = "b"\nhost = "x"\nport = {port}\n',
                f", line 4: {port} is no port: a port is a whole number from 1 to 65535",
            )
            for port in (0, -1, 65536)
        ),
        (NORTH + NORTH, ", line 7: another cycler is called 'north' too"),
        (
            NORTH + '[[cycler]]\nname = "b"\nhost = "192.168.1.20"\n',
            ", line 8: 'north' is at 192.168.1.20:9031 too: one cycler, one entry",
        ),
        *(
            (
                text,
                f", line {line}: a password does not belong into this file, which many may read: "
                "remove it, and set CTI_PASSWORD or use a file of credentials",
            )
            for text, line in ((NORTH + 'password = "sesame"\n', 6), ('password = 5\n' + NORTH, 1))
        ),
        ('[[cyclers]]\nname = "b"\n', ", line 1: 'cyclers' is not known here: write [[cycler]]"),
        ('name = "b"\n', ", line 1: the key 'name' stands in no table: write [[cycler]] above it"),
        ('[cycler]\nname = "b"\n', ": write [[cycler]], with two brackets, above each of them"),
        ("", ": there is no [[cycler]] in it"),
        (NORTH + "port = \n", ", line 6, column 8: this is no TOML (Invalid value)"),
        # A key within a text is none.
        (
            '[[cycler]]\nname = """\nport = 1\n"""\nhost = "x"\nport = 0\n',
            ", line 6: 0 is no port: a port is a whole number from 1 to 65535",
        ),
    ],
)  # fmt: skip
def test_mistakes_in_a_fleet(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_fleet(file)
    assert sentence(caught, file) == error


def test_a_fleet_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_bytes(b"a = 1\n\xff")
    with pytest.raises(ConfigurationError) as caught:
        read_fleet(file)
    assert sentence(caught, file) == ", line 2: this is no UTF-8, as TOML is"


@pytest.mark.parametrize("read", [read_fleet, lambda file: read_plan(file, ["north"])])
def test_a_file_that_is_not_there(tmp_path: Path, read: object) -> None:
    file = tmp_path / "none"
    with pytest.raises(ConfigurationError) as caught:
        read(file)  # type: ignore[operator]
    assert sentence(caught, file) == ": No such file or directory"


@pytest.mark.parametrize("head", [HEAD, "Cycler, Channel,schedule,Test_Name,BARCODE\r\n"])
def test_a_plan(tmp_path: Path, head: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(
        head + 'north,1,a.sdx,t 1,A-1\n\nsouth,"1-2,4",b.sdx, t2 ,\nnorth,2,a.sdx,t3\n', newline=""
    )
    assert read_plan(file, ["north", "south"]) == [
        Planned("north", 1, "a.sdx", "t 1", "A-1", f"{file}, line 2"),
        *(Planned("south", channel, "b.sdx", "t2", "", f"{file}, line 4") for channel in (1, 2, 4)),
        Planned("north", 2, "a.sdx", "t3", "", f"{file}, line 5"),
    ]


def test_a_plan_of_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(
        "cycler;channel;test name;schedule\r\nnorth;7;Zelle äß;a,b.sdx\r\n", "utf-8-sig", newline=""
    )
    assert read_plan(file, ["north"]) == [
        Planned("north", 7, "a,b.sdx", "Zelle äß", "", f"{file}, line 2"),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ": it is empty: its first line should be cycler,channel,schedule,test name,barcode"),
        (HEAD, ": there is no test in it, only the headings"),
        (
            "cycler,channel,test name\n",
            ", line 1: the column 'schedule' is missing: the first line should be " + HEAD.strip(),
        ),
        (
            "cycler,chanel,schedule,test name\n",
            ", line 1: unknown column 'chanel'; did you mean 'channel'? "
            "(known: cycler, channel, schedule, test name, barcode)",
        ),
        ("cycler,cycler\n", ", line 1: two columns are called cycler"),
        (
            HEAD + "nort,1,a,b,\n",
            ", line 2, column cycler: unknown cycler 'nort'; did you mean 'north'? (known: north, south)",
        ),
        (
            HEAD + "north,0,a,b,\n",
            ", line 2, column channel: there is no channel 0: channels are counted from 1",
        ),
        (
            HEAD + "north,-1,a,b,\n",
            ", line 2, column channel: '-1' names no channels: write numbers and ranges like 1-8,12",
        ),
        (
            HEAD + "north,one,a,b,\n",
            ", line 2, column channel: 'one' names no channels: write numbers and ranges like 1-8,12",
        ),
        (
            HEAD + "north,ALL,a,b,\n",
            ", line 2, column channel: 'ALL' names no channels: write numbers and ranges like 1-8,12",
        ),
        (HEAD + "north,3-1,a,b,\n", ", line 2, column channel: the range 3-1 runs backwards: write 1-3"),
        (HEAD + "north,,a,b,\n", ", line 2, column channel: there is nothing in it"),
        (HEAD + "north,1,,b,\n", ", line 2, column schedule: there is nothing in it"),
        (HEAD + "north,1\n", ", line 2, column schedule: there is nothing in it"),
        (
            HEAD + "north,1,2,a,b,c\n",
            ", line 2: there are 6 cells under 5 headings: put a cell with a comma in it into quotes",
        ),
        (
            HEAD + "north,1-2,a,b,c\n",
            ", line 2, column barcode: one barcode for 2 channels: give each a row of its own",
        ),
        (HEAD + 'north,"1,a,b,c\n', ", line 2: this is no CSV (unexpected end of data)"),
    ],
)  # fmt: skip
def test_mistakes_in_a_plan(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_plan(file, ["north", "south"])
    assert sentence(caught, file) == error


def test_a_channel_that_is_planned_twice(tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(HEAD + "north,1,a,b,\nsouth,1,a,b,\nnorth,1-2,a,c,\n")
    with pytest.raises(ConfigurationError) as caught:
        read_plan(file, ["north", "south"])
    assert sentence(caught, file) == (
        f", line 4, column channel: channel 1 of north is planned already ({file}, line 2)"
    )


@pytest.mark.parametrize("text", ["1-999999999", "999999999", "1-99999999999999999999"])
def test_a_huge_range_is_refused_at_once(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tests.csv"
    file.write_text(HEAD + f"north,{text},a,b,\n")
    with pytest.raises(ConfigurationError) as caught:
        read_plan(file, ["north"])
    assert sentence(caught, file).startswith(", line 2, column channel: ")
