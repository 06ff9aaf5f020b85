"""Mutations: each breaks what it says and nothing else; a case is the same wherever it is made again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from random import Random
from typing import Any

import pytest

from cti_schema import Direction, FrameBuffer, Message, UnknownMessage, decode, encode, messages
from cti_schema import kinds as k
from cti_schema.derive.defaults import default
from cti_schema.errors import ConfigurationError, UnknownNameError
from cti_schema.message import CONTROL, QUERY
from cti_schema.messages.login import Login
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import CHECKSUM, HEADER, TOKEN, checksum_fits, frame_size
from spoofer import Connection, Device
from spoofer.fuzz.case import Case, Expect
from spoofer.fuzz.mutations import MUTATIONS, Mutation, cases, mutate, pairs, selected
from spoofer.fuzz.pool import Sample, drawn, plain, reads
from spoofer.fuzz.sites import TEXT_OFFSET, Site

FIELDS = [mutation for mutation in MUTATIONS.values() if mutation.places is not None]
#: They put other bytes of the same size in the place of a value that stands alone.
VALUES = (
    "integer_limit", "float_special", "float_limit", "enum_unknown", "text_without_nul", "text_behind_nul",
    "text_strange", "text_odd_byte", "text_lone_surrogate", "text_not_ascii", "reserved_not_zero",
)  # fmt: skip
#: They also put the count right, or leave out the whole rest of the body.
RESIZED = ("list_empty", "list_full", "list_beyond_limit")
CUT = ("body_cut", "body_cut_inside")


def broken(message: type[Message], mutation: Mutation, seed: int) -> tuple[Sample, Any]:
    """Return a plain message, and what a mutation makes of it."""
    random = Random(f"{message.spec.name} {mutation.name} {seed}")
    pool = [sample for sample in plain(message) if mutation.places is None or mutation.sites(sample)]  # type: ignore[arg-type]
    for _ in range(50):
        sample = random.choice(pool)
        found = mutation.breaks(sample, random)
        if found is not None:
            return sample, found
    raise AssertionError(f"{mutation.name} does nothing to {message.spec.name}")


def pairs_of(mutation: Mutation) -> list[type[Message]]:
    return [message for direction in Direction for message, one in pairs(direction) if one is mutation]


def site_of(sample: Sample, path: str) -> Site:
    return next(site for site in sample.sites if site.path == path)


def is_right(frame: bytes, direction: Direction) -> bool:
    """Tell whether token, length and checksum of a frame are right."""
    token, length, _, _ = HEADER.unpack_from(frame)
    return token == TOKEN and frame_size(length, direction) == len(frame) and checksum_fits(frame, len(frame))


def test_there_is_one_for_each_thing_of_the_list() -> None:
    wanted = """integer_limit integer_beyond count_one_more count_one_less count_huge list_cut list_surplus
        text_without_nul text_lone_surrogate text_odd_byte enum_unknown float_special length_shorter
        length_longer wrong_checksum length_of_other_direction garbage_before garbage_behind split merged
        out_of_order before_login twice unread length_zero body_cut reserved_not_zero unknown_command
        length_huge"""
    assert set(wanted.split()) <= MUTATIONS.keys()
    assert all(mutation.name == name and mutation.summary for name, mutation in MUTATIONS.items())
    assert all(pairs_of(mutation) for mutation in MUTATIONS.values())


@pytest.mark.parametrize("mutation", FIELDS, ids=lambda one: one.name)
def test_a_field_is_changed_and_nothing_else(mutation: Mutation) -> None:
    for message in pairs_of(mutation):
        sample, found = broken(message, mutation, 0)
        ((frame, _),) = found.pieces
        site = site_of(sample, found.field)
        assert found.detail.startswith(f"{site.path}: ")
        assert frame != sample.frame
        assert is_right(frame, message.spec.direction)
        assert_rest_is_as_before(mutation.name, sample, site, frame)
        alone = len(frame) == len(sample.frame) and not site.decides and message.spec.form == "binary"
        if mutation.name in VALUES and alone and not isinstance(site.kind, k.PrefixedText):
            assert_one_value_is_another(sample, site, frame)


def assert_rest_is_as_before(name: str, sample: Sample, site: Site, frame: bytes) -> None:
    """The bytes in front of the field and behind it are as they were; only counts were put right."""
    before = bytearray(sample.frame[HEADER.size : -CHECKSUM.size])
    after = bytearray(frame[HEADER.size : -CHECKSUM.size])
    start, end = site.offset - HEADER.size, site.end - HEADER.size
    if sample.message.spec.form == "json":
        # The count of the text; and a member goes with its name.
        if site.path == "json":
            start, end = 0, len(before)
        else:
            before[:4] = after[:4] = b"    "
            start = max(4, start - 2 * (len("".join(names(sample.message))) + 4))
    if name in RESIZED:
        for counter in sample.sites:
            if counter.counts == site.path:
                place = slice(counter.offset - HEADER.size, counter.end - HEADER.size)
                before[place] = after[place] = b" " * counter.length
    assert before[:start] == after[:start]
    if name in CUT:
        assert before.startswith(after)
    else:
        comma = b",\0" if name == "field_left_out" else b""
        assert after.endswith(before[end:].removeprefix(comma))


def names(message: Message) -> list[str]:
    """Return the longest name of a member of a JSON body, or of an object in it."""
    text = sample_text(message)
    return [max((one for one in text.split('"')), key=len)]


def sample_text(message: Message) -> str:
    return encode(message)[TEXT_OFFSET : -CHECKSUM.size].decode("utf-16-le")


def assert_one_value_is_another(sample: Sample, site: Site, frame: bytes) -> None:
    """Of all fields only the one has another value, or bytes that are kept beside it, or a problem."""
    direction = sample.message.spec.direction
    was = inspect(sample.frame, direction)
    now = inspect(frame, direction)
    inside = {one.path: repr(one.value) for one in was.spans if not one.path.startswith(site.path)}
    found = {one.path: repr(one.value) for one in now.spans if not one.path.startswith(site.path)}
    parents = {path for path in inside if site.path.startswith((f"{path}.", f"{path}["))}
    assert inside.keys() == found.keys()
    assert {path for path in inside if inside[path] != found[path]} <= parents
    assert {problem.path for problem in now.problems} <= {site.path, ""}


@pytest.mark.parametrize("direction", list(Direction))
def test_a_frame_is_wrong_in_one_thing(direction: Direction) -> None:
    for message in [one for one in messages() if one.spec.direction is direction][::4]:
        for name in ("wrong_checksum", "byte_changed"):
            sample, found = broken(message, MUTATIONS[name], 1)
            ((frame, expect),) = found.pieces
            assert expect is Expect.REFUSAL
            assert frame_size(HEADER.unpack_from(frame)[1], direction) == len(frame) == len(sample.frame)
            assert not checksum_fits(frame, len(frame))
            changed = [at for at in range(len(frame)) if frame[at] != sample.frame[at]]
            assert all(at >= len(frame) - 2 for at in changed) or (
                name == "byte_changed" and len(changed) == 1
            )
        for name in MUTATIONS:
            if name.startswith("length_"):
                sample, found = broken(message, MUTATIONS[name], 2)
                ((frame, expect),) = found.pieces
                assert expect is Expect.REFUSAL
                assert checksum_fits(frame, len(frame))
                assert frame_size(HEADER.unpack_from(frame)[1], direction) != len(frame)
                assert frame[:8] + frame[12:-2] == sample.frame[:8] + sample.frame[12:-2]
        sample, found = broken(message, MUTATIONS["length_of_other_direction"], 0)
        assert frame_size(HEADER.unpack_from(found.pieces[0][0])[1], direction.other) == len(sample.frame)
        for name in ("unknown_command", "code_of_other_direction", "extended_code"):
            sample, found = broken(message, MUTATIONS[name], 3)
            frame = found.pieces[0][0]
            assert is_right(frame, direction)
            assert frame[HEADER.size : -2] == sample.frame[HEADER.size : -2]
            assert isinstance(decode(frame, direction), UnknownMessage) == (name != "extended_code")


def test_a_stream_holds_the_valid_frame() -> None:
    for name in ("garbage_before", "garbage_behind", "split", "split_inside", "split_everywhere", "merged"):
        for message in messages()[::7]:
            sample, found = broken(message, MUTATIONS[name], 4)
            data = b"".join(piece for piece, _ in found.pieces)
            assert b"".join(found.segments) in (b"", data)
            buffer = FrameBuffer(message.spec.direction)
            came = [frame for part in found.segments or (data,) for frame in buffer.feed(part)]
            assert sample.frame in [*came, *buffer.close()]
            assert len(found.segments) > 1 or not name.startswith("split")


def test_sites_of_a_json_text_are_its_values() -> None:
    seen = 0
    for message in messages():
        if message.spec.form != "json":
            continue
        for sample in plain(message):  # type: ignore[arg-type]
            text = sample_text(sample.message)
            root = json.loads(text)
            for site in sample.sites[1:]:
                raw = sample.frame[site.offset : site.end].decode("utf-16-le")
                value: Any = root
                wire: Any = None
                for step in site.path.replace("[", ".[").split("."):
                    if step.startswith("["):
                        value = value[int(step[1:-1])]
                        wire = getattr(wire, "item", wire)
                    else:
                        layout: Any = wire.record if isinstance(wire, k.JsonType) else message
                        member: Any = layout.spec.field(step)
                        value, wire = value[member.wire_name], member.of
                assert json.loads(raw) == value
                seen += 1
    assert seen > 100


# --- cases ---------------------------------------------------------------------------------------

ONLY = ("stop_schedule", "get_meta_variables", "engage_tray_json")


#: Makes some cases again, from the last to the first, and prints what they are.
AGAIN = """
import sys
from cti_schema import Direction
from spoofer.fuzz.mutations import case
made = {number: repr(case(7, Direction.REQUEST, number)) for number in %r}
print(ascii([made[number] for number in sorted(made)]))
"""


def test_a_case_is_the_same_in_another_process() -> None:
    some = list(islice(cases(7, Direction.REQUEST, only=ONLY, control=True), 60))
    assert any(frame in part.data for part in parts(some) for frame in drawn_frames())
    script = AGAIN % ([one.number for one in reversed(some)],)
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == ascii([repr(one) for one in some]), done.stderr


def parts(some: list[Case]) -> list[Any]:
    return [part for one in some for step in one.steps for part in step.parts]


def drawn_frames() -> list[bytes]:
    return [sample.frame for name in ONLY for sample in drawn(registry().by_name(name))]  # type: ignore[arg-type]


def test_every_pair_comes_once_before_any_comes_again() -> None:
    wanted = [every for every in pairs(Direction.REQUEST) if every[0].spec.name in ONLY]
    made = list(islice(cases(3, Direction.REQUEST, only=ONLY, control=True), 2 * len(wanted)))
    first, second = made[: len(wanted)], made[len(wanted) :]
    for half in (first, second):
        assert Counter((one.message, one.mutation) for one in half) == Counter(
            (message.spec.name, mutation.name) for message, mutation in wanted
        )
    assert [one.message for one in first] != [one.message for one in second]
    again = next(cases(3, Direction.REQUEST, only=ONLY, control=True, start=first[20].number))
    assert repr(again) == repr(first[20])
    assert repr(next(cases(4, Direction.REQUEST, only=ONLY, control=True))) != repr(first[0])


def test_what_a_campaign_is_about() -> None:
    every = pairs(Direction.REQUEST)
    names = {every[index][0].spec.effect for index in selected(Direction.REQUEST, (), control=False)}
    assert names == {QUERY}
    assert len(selected(Direction.REQUEST, (), control=True)) == len(every) > 2000
    both = selected(Direction.REQUEST, ("get_*", "wrong_checksum", "length_*"), control=False)
    assert {every[index][1].name for index in both} == {
        name for name in MUTATIONS if name == "wrong_checksum" or name.startswith("length_")
    }
    assert all(every[index][0].spec.name.startswith("get_") for index in both)
    assert list(cases(1, Direction.REQUEST, only=("stop_schedule",))) == []  # it changes something
    with pytest.raises(UnknownNameError, match="did you mean 'wrong_checksum'"):
        selected(Direction.REQUEST, ("wrong_checksums",), control=True)
    with pytest.raises(UnknownNameError, match="mutation"):
        mutate(default(Login), "nothing", Random(1))


def test_what_is_sent_is_what_the_parts_are() -> None:
    for direction in Direction:
        only = ("stop_schedule*", "connect*", "split*", "un*", "t*")
        for one in islice(cases(5, direction, control=True, only=only), 80):
            for step in one.steps:
                assert b"".join(step.segments) == b"".join(part.data for part in step.parts)
                assert all(step.segments)
            assert one.detail
            assert one.login == (one.mutation != "before_login")
            assert all(step.read for step in one.steps) == (one.mutation != "unread")


def test_the_reads_beside_a_case_only_ask() -> None:
    for sample in reads():
        spec = sample.message.spec
        assert (spec.effect, spec.answers.how, len(spec.values)) == (QUERY, "once", 0)
    assert len({type(sample.message) for sample in reads()}) > 1


def test_a_mutation_of_any_message() -> None:
    message = Login(username="a", password="secret")
    found = mutate(message, "body_cut", Random(1))
    assert found is not None
    (part,) = found.parts
    assert (part.expect, found.field) == (Expect.REFUSAL, found.detail.split(":")[0])
    assert isinstance(part.request, Login)
    assert "secret" not in found.detail
    assert mutate(message, "enum_unknown", Random(1)) is None
    assert mutate(message, "split", Random(1)).parts[0].expect is Expect.ANSWER  # type: ignore[union-attr]


def test_a_cycler_answers_what_must_be_answered() -> None:
    device = Device(4)
    answered = 0
    only = ("*_json", "stop_*", "upload_*", "get_meta*", "start_schedule", "assign_*", "login")
    for one in islice(cases(11, Direction.REQUEST, control=True, only=only), 250):
        connection = Connection(device)
        if one.login:
            connection.receive(encode(Login(username="a", password="b")))
        for step in one.steps:
            came = b"".join(connection.receive(segment) for segment in step.segments)
            left = [decode(frame, Direction.FEEDBACK) for frame in FrameBuffer(Direction.FEEDBACK).feed(came)]
            for part in step.parts:
                if part.expect is Expect.ANSWER and part.request is not None and step.read:
                    found = [feedback for feedback in left if answers(feedback, part.request)]
                    assert found, (one.number, one.message, one.mutation, one.detail)
                    left.remove(found[0])
                    answered += 1
        connection.close()
    assert answered > 200


def answers(feedback: Message, request: Message) -> bool:
    if isinstance(feedback, UnknownCommandFeedback):
        return feedback.command == request.spec.code
    return isinstance(feedback, request.spec.feedbacks)


def test_those_that_change_something_are_asked_for() -> None:
    without = {one.message for one in islice(cases(1, Direction.REQUEST, only=("*schedule*", "get_s*")), 30)}
    assert all(registry().by_name(name).spec.effect is not CONTROL for name in without)


def test_without_hypothesis_a_sentence_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "spoofer.fuzz.drawing", raising=False)
    with pytest.raises(ConfigurationError, match="the extra `fuzz`"):
        drawn(registry().by_name("get_serial_number"), seed=99)  # type: ignore[arg-type]
