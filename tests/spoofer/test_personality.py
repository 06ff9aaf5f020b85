"""Which cycler software is played, and what that changes."""

from __future__ import annotations

import pytest

from cti_schema import Message
from cti_schema.derive.defaults import default
from cti_schema.enums import CtiVersion
from cti_schema.errors import ConfigurationError, UnknownNameError
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_channels_info_ex import GetChannelsInfoEx, GetChannelsInfoExFeedback
from cti_schema.messages.get_channels_info_json import GetChannelsInfoJson
from cti_schema.messages.get_channels_info_simple import GetChannelsInfoSimple
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls
from cti_schema.messages.get_server_software_version import GetServerSoftwareVersion
from cti_schema.messages.get_string_limit_length import GetStringLimitLength, StringLimitType
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.set_meta_variable import SetMvResult
from cti_schema.messages.start_schedule_vls import StartScheduleVls
from cti_schema.messages.update_parameters import UpdateParameters, UpdateParametersFeedback
from cti_schema.versions import JSON_BODIES, VARIABLE_LENGTH
from spoofer import Connection, Device
from spoofer.personality import PERSONALITIES, Personality, personality
from tests.spoofer.helpers import Clock, ask, logged_in, one


def device(name: str | int) -> Device:
    return Device(channels=4, clock=Clock(), personality=name)


def test_names() -> None:
    assert set(PERSONALITIES) == {
        "pro7", "pro8", "pro8-2", "pro7-mvud", "ty-pro7-2", "ty-pro7-3", "ty-pro7-4", "ty-pro8-1",
        "ty-pro8-2", "ty-pro8-4", "ty-pro8-sptt", "zy-pro8-gx", "mitsx-sptt",
        *(f"mitsx-{number}" for number in range(1, 9)),
    }  # fmt: skip
    # Every known version is there once.
    assert sorted(int(one.version) for one in PERSONALITIES.values()) == sorted(map(int, CtiVersion))


@pytest.mark.parametrize(
    ("given", "name", "version"),
    [
        ("pro8", "pro8", 1),
        (" MITSX-4", "mitsx-4", 0x01000004),
        ("mitsx_sptt", "mitsx-sptt", 0x01001001),
        (0, "pro7", 0),
        (CtiVersion.MITS_X_8, "mitsx-8", 0x01000008),
        ("0x01000004", "mitsx-4", 0x01000004),
        ("1", "pro8", 1),
        (77, "unlisted", 77),
        ("0xFFFFFFFF", "unlisted", 0xFFFFFFFF),
    ],
)
def test_by_name_or_number(given: str | int, name: str, version: int) -> None:
    found = personality(given)
    assert (found.name, int(found.version)) == (name, version)


def test_wrong_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown personality 'mitx-4'; did you mean 'mitsx-4'"):
        personality("mitx-4")
    for number in (-1, 2**32, "0x100000000"):
        with pytest.raises(ConfigurationError, match="is no version: it is from 0 to 4294967295"):
            personality(number)
    with pytest.raises(UnknownNameError):
        Device(personality="pro9")


@pytest.mark.parametrize("one_", PERSONALITIES.values(), ids=PERSONALITIES)
def test_forms_are_those_of_the_version(one_: Personality) -> None:
    assert ("variable_length" in one_.forms) == (one_.version in VARIABLE_LENGTH)
    assert ("json_bodies" in one_.forms) == (one_.version in JSON_BODIES)
    assert one_.generation in one_.name.replace("mitsx", "mits10")


@pytest.mark.parametrize("name", ["pro7", "mitsx-8", "0xFFFFFFFF"])
def test_the_version_is_told_at_either_login(name: str) -> None:
    emulated = device(name)
    version = int(personality(name).version)
    assert int(one(Connection(emulated), Login(username="a", password="b")).version) == version
    # In JSON the number has a sign.
    told = int(one(Connection(emulated), LoginJson(username="a", password="b")).version)
    assert told % 2**32 == version


def test_a_single_read_of_a_mits_10_returns_all_channels() -> None:
    reads: tuple[type[Message], ...] = (
        GetChannelsInfo,
        GetChannelsInfoVls,
        GetChannelsInfoSimple,
        GetChannelsInfoEx,
        GetChannelsInfoJson,
    )
    for read in reads:
        for name, indices in (("mitsx-4", [0, 1, 2, 3]), ("pro8", [2]), (77, [2])):
            channels = one(logged_in(device(name)), default(read, channel_index=2)).channels
            assert [channel.channel_index for channel in channels] == indices, (read, name)
            missing = one(logged_in(device(name)), default(read, channel_index=9)).channels
            assert missing == []


def test_an_old_server_answers_changed_test_objects_twice() -> None:
    request = default(UpdateParameters, channel_indices=[1, 2])
    first, second = ask(logged_in(device("pro7")), request)
    assert isinstance(first, UpdateParametersFeedback)
    assert isinstance(second, GetChannelsInfoExFeedback)
    assert [channel.channel_index for channel in second.channels] == [1, 2]
    (only,) = ask(logged_in(device("pro8")), request)
    assert isinstance(only, UpdateParametersFeedback)


def test_a_pro_7_has_four_user_variables() -> None:
    for name, result in (("pro7", SetMvResult.METACODE_NOTEXIST_PRO7), ("pro8", SetMvResult.SUCCESS)):
        emulated = device(name)
        emulated.assign(0, "any")
        emulated.start([0], "a")
        assert emulated.set_variable(0, 55, 1.0) is SetMvResult.SUCCESS
        assert emulated.set_variable(0, 105, 1.0) is result


@pytest.mark.parametrize(("name", "limit"), [("pro8", 72), ("mitsx-3", 255)])
def test_how_long_a_test_name_may_be(name: str, limit: int) -> None:
    connection = logged_in(device(name))
    (item,) = one(connection, GetStringLimitLength()).items
    assert (item.string_type, item.limit_length) == (StringLimitType.TEST_NAME, limit)
    assert one(connection, GetStringLimitLength(string_types=StringLimitType(2))).items == []
    one(connection, AssignSchedule(channel_index=0, schedule_name="any"))
    too_long = StartScheduleVls(test_name="n" * (limit + 1), channel_indices=[0])
    assert one(connection, too_long).result.label == "test_name_too_long"
    assert one(connection, StartScheduleVls(test_name="n" * limit, channel_indices=[0])).result.is_success
    # A field that is shorter shows as much as it can.
    (fixed,) = one(connection, GetChannelsInfo(channel_index=0)).channels[:1]
    assert fixed.test_name == "n" * 72
    (variable,) = one(connection, GetChannelsInfoVls(channel_index=0)).channels[:1]
    assert variable.test_name == "n" * limit


def test_the_software_tells_its_version_as_a_text() -> None:
    text = one(logged_in(device("mitsx-4")), GetServerSoftwareVersion()).version
    assert text == "MITS 10, version 0x01000004 (emulated)"
