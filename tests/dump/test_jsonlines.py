"""Entries as JSON Lines."""

from __future__ import annotations

import json

from cti_client.dump.conversation import Missed
from cti_client.dump.jsonlines import dumps, entry_json
from cti_schema.derive.jsonform import decoded_to_json
from cti_schema.wire.codec import inspect
from tests.dump.support import AT, CLIENT, LOGIN, STARTED, chunk, gap, heard, talk


def test_shape_is_unchanged_and_place_stands_beside_it() -> None:
    (entry,) = talk(chunk(CLIENT, LOGIN))
    assert entry_json(entry, secrets=True) == {
        "frame": 1,
        "time": AT,
        "connection": 1,
        "client": "10.0.0.2:50000",
        "server": "10.0.0.9:9031",
        **decoded_to_json(inspect(LOGIN)),
    }


def test_without_capture() -> None:
    assert entry_json(heard(STARTED)) == {"frame": 1, **decoded_to_json(inspect(STARTED))}
    assert entry_json(Missed("stray", 3)) == {"stray": 3}


def test_gap() -> None:
    _, entry = talk(chunk(CLIENT, LOGIN), gap(CLIENT, 7))
    assert entry_json(entry) == {
        "gap": 7,
        "time": AT + 1,
        "connection": 1,
        "client": "10.0.0.2:50000",
        "server": "10.0.0.9:9031",
        "direction": "request",
    }


def test_dumps() -> None:
    assert dumps({"a": "Ω😀"}) == '{"a": "Ω😀"}'
    assert dumps({"a": "Ω😀"}, "ascii") == '{"a": "\\u03a9\\ud83d\\ude00"}'
    assert dumps({"a": "Ω"}, "cp1252") == '{"a": "\\u03a9"}'
    hostile = "\x1b[2J\x9b2J\x7f\u2028\u0085\u202e\ud800\U000e0001"
    line = dumps({"a": hostile})
    assert line.isprintable()
    assert json.loads(line) == {"a": hostile}
