"""One channel from one configuration dictionary, as users of pycti know it; all it does, the client does.

Names and keys are those of pycti's ``ArbinInterface`` and of pycti-arbin's ``ChannelInterface``. What differs
is on purpose: what did not work raises an error and never returns ``False``, channels count from 1 in
the readings too, and nothing logs a password.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import fields
from types import TracebackType
from typing import Any, Final, Literal, Self

from cti_client.channels import index_of
from cti_client.client import Channel, Cycler
from cti_client.credentials import PASSWORD_VARIABLE, Secret
from cti_client.readings import Reading
from cti_client.settings import Key, check_settings, valid_port
from cti_schema.errors import ConfigurationError
from cti_schema.messages.login import LoginFeedback

__all__ = ["ArbinInterface"]

_KEYS: Final = {
    "username": Key(str),
    "password": Key(str, required=False),  # or in the environment
    "channel": Key(int),
    "test_name": Key(str, required=False),
    "schedule": Key(str, required=False),
    "test_schedule": Key(str, required=False),
    "ip_address": Key(str),
    "port": Key(int),
    "timeout_s": Key(float, required=False),
    "msg_buffer_size": Key(int, required=False),
}

#: What keys are called in other versions of pycti, which nobody would find by their looks.
_RENAMED: Final = {"schedule_name": "schedule", "arbin_ip": "ip_address", "arbin_port": "port"}

#: What pycti calls a value -> what it is called here.
_PYCTI_NAMES: Final = {
    "schedule": "schedule_name",
    "testname": "test_name",
    "step_and_cycle_format": "step_and_cycle",
    "dvdt_vbys": "dv_dt_v_per_s",
    "aci_phase_degrees": "aci_phase_deg",
}

_TIMEOUT_S: Final = 3.0


class ArbinInterface:
    """One channel of a cycler.

    It connects and logs in when it is first used, when `start` is called, or at the begin of a ``with``
    statement. After a lost connection it comes back when it is used again; no command is sent twice. Every
    method raises a `cti_schema.errors.CTIError` when something does not work.

    Args:
        config: the configuration:

            - ``username``, ``password``: who logs in; without the password, ``CTI_PASSWORD`` is taken.
            - ``channel``: number of the channel, from 1.
            - ``ip_address``, ``port``: where the cycler is; a host name will do.
            - ``test_name``: name of the test that `start_test` starts; new to the cycler.
            - ``schedule``: the schedule that it runs. ``test_schedule`` is another name for it.
            - ``timeout_s``: seconds that an answer may take, 3 by default.
            - ``msg_buffer_size``: accepted and not needed: the client reads messages of any size.

    Raises:
        ConfigurationError: something is wrong with it; the sentence names the key.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        if not isinstance(config, Mapping):
            raise ConfigurationError("the configuration must be a dictionary")
        for old, new in _RENAMED.items():
            if old in config:
                raise ConfigurationError(f"configuration: the key {old!r} is called {new!r} here")
        # pycti-arbin has None for what is not given.
        config = {key: value for key, value in config.items() if value is not None}
        check_settings(config, _KEYS, lambda key: "configuration")
        self._user = str(config["username"])
        self._password = _password(config)
        self._test_name = str(config.get("test_name", ""))
        self._schedule = _schedule(config)
        self._number = index_of(config["channel"]) + 1
        port = valid_port(config["port"], "configuration, 'port'")
        if config.get("msg_buffer_size", 1) < 1:
            raise ConfigurationError("configuration: 'msg_buffer_size' must be more than 0")
        timeout_s = config.get("timeout_s", _TIMEOUT_S)
        if timeout_s <= 0:
            raise ConfigurationError("configuration: 'timeout_s' must be more than 0")
        self._login: LoginFeedback | None = None
        host = str(config["ip_address"]).strip()
        _check_host(host, port)
        self._cycler = Cycler(host, port, timeout_s=timeout_s, connect_timeout_s=timeout_s, reconnect=True)

    @property
    def cycler(self) -> Cycler:
        """The client beneath, for everything that pycti has not."""
        return self._cycler

    def start(self) -> Literal[True]:
        """Connect and log in, unless that is done. It starts no test: that is `start_test`.

        Raises:
            ConnectError: no connection came about.
            LoginRefused: the cycler did not accept user name and password.
            ConfigurationError: the cycler has no such channel.
        """
        if self._login is None:
            self._cycler.connect()
            try:
                login = self._cycler.login(self._user, self._password.reveal())
                index_of(self._number, self._cycler.channel_count)
            except BaseException:
                self._cycler.close()
                raise
            self._login = login
        return True

    def close(self) -> None:
        """Close the connection."""
        self._login = None
        self._cycler.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get_num_channels(self) -> int:
        """Return the number of channels of the cycler."""
        self.start()
        return self._cycler.channel_count

    def get_login_feedback(self) -> LoginFeedback:
        """Return what the cycler said at the login."""
        self.start()
        assert self._login is not None
        return self._login

    def read_channel_status(self) -> dict[str, Any]:
        """Return the readings of the channel: the values of a `Reading` by name.

        ``status`` is a text like ``rest``. The names that pycti has for some of the values are there too.
        """
        reading = self._channel().read()
        found: dict[str, Any] = {
            one.name: getattr(reading, one.name) for one in fields(Reading) if one.name != "raw"
        }
        found["status"] = reading.status.label
        return found | {old: found[new] for old, new in _PYCTI_NAMES.items()}

    read_status = read_channel_status

    def assign_schedule(self) -> Literal[True]:
        """Assign the schedule of the configuration to the channel.

        Raises:
            ResultError: the cycler refused.
            OutcomeUnknown: it was sent and not answered; it is not sent again.
            ConfigurationError: the configuration has no schedule.
        """
        if not self._schedule:
            raise ConfigurationError("configuration: the key 'schedule' is missing, which the call needs")
        self._channel().assign(self._schedule)
        return True

    def start_test(self) -> Literal[True]:
        """Assign the schedule to the channel, and start it as the test of the configuration.

        Raises:
            ResultError: the cycler refused; if it refused the schedule, nothing is started.
            OutcomeUnknown: something was sent and not answered; it is not sent again.
            ConfigurationError: the configuration has no name for the test, or no schedule.
        """
        if not self._test_name:
            raise ConfigurationError("configuration: the key 'test_name' is missing, which the call needs")
        self.assign_schedule()
        self._channel().start(self._test_name)
        return True

    def stop_test(self) -> Literal[True]:
        """Stop the test that runs on the channel.

        Raises:
            ResultError: the cycler refused, as it does when no test runs.
            OutcomeUnknown: it was sent and not answered; it is not sent again.
        """
        self._channel().stop()
        return True

    def set_meta_variable(self, mv_num: int, mv_value: float) -> Literal[True]:
        """Set a user variable of the running test.

        Args:
            mv_num: its number, 1 to 16.
            mv_value: the new value, a finite number.

        Raises:
            ResultError: the cycler refused.
            OutcomeUnknown: it was sent and not answered; it is not sent again.
            ConfigurationError: there is no such variable, or the value is no finite number.
        """
        self._channel().set_mv(mv_num, mv_value)
        return True

    def _channel(self) -> Channel:
        self.start()
        return self._cycler.channel(self._number)

    def __repr__(self) -> str:
        return f"<channel {self._number} of {self._cycler.address} as {self._user!r}>"


def _password(config: Mapping[str, Any]) -> Secret:
    given = config.get("password", os.environ.get(PASSWORD_VARIABLE))
    if given is None:
        raise ConfigurationError(
            f"configuration: the key 'password' is missing, and {PASSWORD_VARIABLE} is not set"
        )
    return Secret(given)


def _schedule(config: Mapping[str, Any]) -> str:
    """Return the schedule; of two different ones nobody can know which was meant."""
    schedule, other = (str(config.get(key, "")) for key in ("schedule", "test_schedule"))
    if schedule and other and schedule != other:
        raise ConfigurationError(
            f"configuration: 'schedule' is {schedule!r}, but 'test_schedule' is {other!r}: give one of them"
        )
    return schedule or other


def _check_host(host: str, port: int) -> None:
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigurationError(
            f"configuration, 'ip_address': the host name {host!r} is not known"
        ) from None
