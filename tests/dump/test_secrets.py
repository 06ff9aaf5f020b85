"""A password is in no view unless it is asked for - also not of frames that are broken around it."""

from __future__ import annotations

import json

import pytest

from cti_client.dump.jsonlines import dumps, entry_json
from cti_client.dump.lines import entry_line
from cti_client.dump.treetext import tree_lines
from cti_schema.derive.tree import tree
from cti_schema.message import Direction
from cti_schema.wire.frame import build_frame
from tests.dump.support import LOGIN, heard, number

SECRET = "s3cret"
BODY = LOGIN[20:-2]


def json_login(text: str) -> bytes:
    return build_frame(0xEEAB0011, number(len(text)) + text.encode("utf-16-le"), Direction.REQUEST)


FRAMES = {
    "as it is": LOGIN,
    "cut inside the password": LOGIN[:60],
    "body too short": build_frame(0xEEAB0001, BODY[:40], Direction.REQUEST),
    "password behind the layout": build_frame(0xEEAB0001, bytes(64) + BODY, Direction.REQUEST),
    "wrong checksum": LOGIN[:-2] + b"\0\0",
    "the other way": build_frame(0xEEAB0001, BODY, Direction.FEEDBACK),
    "json": json_login('{"Username":"ann","Password":"s3cret"}'),
    "json, spaces": json_login('{"Username": "ann", "Password": "s3cret"}'),
    "json, misspelt": json_login('{"Username":"ann","Pasword":"s3cret"}'),
    "json, no text": json_login('{"Username":"ann","Password":["s3cret"]}'),
    "json, a list": json_login('["ann","s3cret"]'),
    "json, a text": json_login('"s3cret"'),
    "json, broken": json_login('{"Username":"ann","Password":"s3cret'),
    "json, the other way": build_frame(
        0xEEAB0011, number(8) + "s3cret{}".encode("utf-16-le"), Direction.FEEDBACK
    ),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_no_view_shows_it(frame: bytes) -> None:
    entry = heard(frame, spans=True)
    views = [
        entry_line(entry),
        "\n".join(tree_lines(tree(entry.decoded))),
        dumps(entry_json(entry)),
    ]
    for view in views:
        for form in (SECRET, SECRET.encode().hex(), SECRET.encode("utf-16-le").hex(), SECRET[2:]):
            assert form not in view


@pytest.mark.parametrize("name", ["as it is", "json", "json, spaces"])
def test_every_view_shows_it_when_asked(name: str) -> None:
    entry = heard(FRAMES[name], spans=True)
    assert SECRET in entry_line(entry, secrets=True)
    assert SECRET in "\n".join(tree_lines(tree(entry.decoded, secrets=True)))
    assert SECRET in dumps(entry_json(entry, secrets=True))


def test_other_fields_stay() -> None:
    shape = json.loads(dumps(entry_json(heard(LOGIN))))
    assert shape["fields"] == {"username": "ann", "password": "***"}
