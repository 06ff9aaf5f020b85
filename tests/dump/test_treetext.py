"""Trees as lines: exact texts."""

from __future__ import annotations

from cti_client.dump.treetext import HEADINGS, tree_lines
from cti_schema.derive.tree import tree
from cti_schema.message import Direction
from cti_schema.wire.frame import build_frame
from tests.dump.support import LOGIN, REFUSED, START, UNKNOWN, heard, number
from tests.schema.support import ROOT, load


def lines(frame: bytes, *, secrets: bool = False) -> list[str]:
    return list(tree_lines(tree(heard(frame, spans=True).decoded, secrets=secrets)))


def test_request() -> None:
    assert [HEADINGS, *lines(START)] == [
        "  offset  length  bytes               field",
        "       0       8  dddddddddddddd11    token",
        "       8       4  a2000000            length = 162  (frame of 174 bytes)",
        "      12       4  040032bb            code = 0xBB320004  (start_schedule)",
        "      16       4  00000000            extended_code = 0",
        '      20     144  61001b005b003200..  test_name = "a\\x1b[2J"',
        "     164       4  02000000            channel_count = 2",
        "     168       4  04000000            channel_indices = [4, 0]",
        "     172       2  0809                checksum = 0x0908",
    ]


def test_result_has_its_meaning() -> None:
    assert lines(REFUSED)[4:] == [
        "      20       4  04000000            channel_index = 4",
        "      24       1  15                  result = 21  "
        "(no_schedule_assigned: no schedule assigned to the channel)",
        "      25     101  0000000000000000..  reserved  (zero)",
        "     126       2  9707                checksum = 0x0797",
    ]


def test_password_and_its_bytes_are_hidden() -> None:
    assert lines(LOGIN)[4:6] == [
        '      20      32  616e6e0000000000..  username = "ann"',
        "      52      32                      password = ***",
    ]
    assert lines(LOGIN, secrets=True)[5] == '      52      32  7333637265740000..  password = "s3cret"'


def test_problems_stand_below_their_field() -> None:
    frame = build_frame(0xBB230004, number(4) + b"\x63" + bytes(101), Direction.FEEDBACK)
    assert lines(frame)[5:7] == [
        "      24       1  63                  result = 99  (unknown)",
        "                                      ! enum: 99 is no value of StartResult",
    ]


def test_records_are_indented() -> None:
    vectors = [one for one in load(ROOT / "tests" / "vectors") if one.message == "get_channels_info_feedback"]
    shown = lines(vectors[0].frame)
    assert shown[4].split()[3:] == ["channel_count", "=", "1"]
    assert shown[6][38:] == "  [0]"
    assert shown[7][38:].startswith("    channel_index = ")


def test_unknown_command() -> None:
    assert lines(UNKNOWN)[2:6] == [
        "      12       4  78563412            code = 0x12345678  (unknown)",
        "                                      ! unknown_command: no feedback is declared for the code 0x12345678",  # noqa: E501
        "      16       4  00000000            extended_code = 0",
        "      20       3  010203              body",
    ]


def test_json_members_have_no_place() -> None:
    text = '{"Username":"ann","Password":"s3cret"}'
    frame = build_frame(0xEEAB0011, number(len(text)) + text.encode("utf-16-le"), Direction.REQUEST)
    assert lines(frame)[4:6] == [
        '                                      username = "ann"',
        "                                      password = ***",
    ]


def test_problems_are_highlighted() -> None:
    frame = build_frame(0xBB230004, number(4) + b"\x63" + bytes(101), Direction.FEEDBACK)
    nodes = tree(heard(frame, spans=True).decoded)
    marked = list(tree_lines(nodes, paint=lambda role, text: f"<{role}|{text}>"))
    assert marked[6] == " " * 38 + "<problem|! enum: 99 is no value of StartResult>"
    assert marked[5] == "<side|      24       1  63                >  <name|result> = 99  (unknown)"


def test_every_vector_has_a_printable_tree_of_all_its_bytes() -> None:
    for vector in load(ROOT / "tests" / "vectors"):
        nodes = tree(heard(vector.frame, spans=True).decoded)
        assert all(line.isprintable() for line in tree_lines(nodes))
        assert [node.name for node in nodes[:4]] == ["token", "length", "code", "extended_code"]
