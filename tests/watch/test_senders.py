"""Alerts to a file, to real processes, to a real HTTP server and to a real SMTP server."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cti_client.credentials import Secret
from cti_client.watch.alert import Alert
from cti_client.watch.mail import Mail
from cti_client.watch.rules import read_rule_file
from cti_client.watch.senders import Command, LogFile, Webhook
from cti_client.watch.sending import senders
from cti_schema.errors import ConfigurationError
from tests.watch.servers import Mailbox, certificate, http, smtp
from tests.watch.support import AT, file_of

ALERT = Alert(
    "hot & <cell>", "north", 3, "cell-1", AT + 250, "fired", "critical", "temperature_t1_degc > 45",
    {"temperature_t1_degc": 46.5}, "hot & <cell>: north channel 3: too hot",
)  # fmt: skip

SHAPE = {
    "rule": "hot & <cell>", "cycler": "north", "channel": 3, "test_name": "cell-1",
    "time": "2026-03-24T08:00:00.250Z", "state": "fired", "severity": "critical",
    "condition": "temperature_t1_degc > 45", "values": {"temperature_t1_degc": 46.5},
    "text": "hot & <cell>: north channel 3: too hot",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here, which makes the certificate")
    return certificate(tmp_path_factory.mktemp("tls"), openssl)


def test_a_log_file(tmp_path: Path) -> None:
    file = tmp_path / "alerts.log"
    log = LogFile(file)
    log.send(ALERT)
    file.rename(tmp_path / "old.log")  # as a rotation does
    log.send(ALERT)
    line = "2026-03-24T08:00:00.250Z FIRED critical hot & <cell>: north channel 3: too hot\n"
    assert (file.read_text(), (tmp_path / "old.log").read_text()) == (line, line)


# --- a command ---------------------------------------------------------------------------------------


def program(folder: Path, text: str) -> list[str]:
    """Return the arguments that run a Python program."""
    file = folder / "program.py"
    file.write_text(text)
    return [sys.executable, str(file)]


def test_a_command_gets_json_and_variables(tmp_path: Path) -> None:
    arguments = program(
        tmp_path,
        "import json, os, sys\n"
        "told = {name: text for name, text in os.environ.items() if name.startswith('CTI_ALERT_')}\n"
        "json.dump([sys.argv[1:], json.load(sys.stdin), told], open(sys.argv[1], 'w'))\n",
    )
    target = str(tmp_path / "a file; rm -rf $HOME")  # which a shell would make something else of
    Command([*arguments, target, "$CTI_ALERT_RULE"], 10.0).send(ALERT)
    given, shape, variables = json.loads(Path(target).read_text())
    assert given == [target, "$CTI_ALERT_RULE"]
    assert shape == SHAPE
    assert variables == {
        "CTI_ALERT_RULE": "hot & <cell>", "CTI_ALERT_CYCLER": "north", "CTI_ALERT_CHANNEL": "3",
        "CTI_ALERT_TEST_NAME": "cell-1", "CTI_ALERT_TIME": "2026-03-24T08:00:00.250Z",
        "CTI_ALERT_STATE": "fired", "CTI_ALERT_SEVERITY": "critical",
        "CTI_ALERT_CONDITION": "temperature_t1_degc > 45",
        "CTI_ALERT_VALUES": '{"temperature_t1_degc": 46.5}', "CTI_ALERT_TEXT": SHAPE["text"],
    }  # fmt: skip


def test_half_a_character_in_a_name(tmp_path: Path) -> None:
    from dataclasses import replace

    arguments = program(
        tmp_path, "import os, sys; open(sys.argv[1], 'w').write(os.environ['CTI_ALERT_TEST_NAME'])"
    )
    Command([*arguments, str(tmp_path / "out")], 10.0).send(replace(ALERT, test_name="a\ud800\0b"))
    assert (tmp_path / "out").read_text() == "a?b"


def test_a_command_that_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"ended with 3$"):
        Command(program(tmp_path, "raise SystemExit(3)"), 10.0).send(ALERT)
    with pytest.raises(OSError, match="No such file"):
        Command([str(tmp_path / "missing")], 10.0).send(ALERT)


def test_a_command_that_reads_nothing(tmp_path: Path) -> None:
    Command(program(tmp_path, "import os; os.close(0)"), 10.0).send(ALERT)


@pytest.mark.skipif(os.name != "posix", reason="its children are ended with it on POSIX alone")
def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    out = tmp_path / "child"
    with pytest.raises(OSError, match=r"ran longer than 1.5 s and was ended$"):
        Command(["/bin/sh", "-c", "sleep 60 & echo $! > $0; wait", str(out)], 1.5).send(ALERT)
    child = int(out.read_text())
    deadline = time.monotonic() + 10.0
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(process: int) -> bool:
    """Tell whether a process is there, and not only its number, which its parent has not asked for."""
    try:
        os.kill(process, 0)
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").is_dir()


# --- a webhook ---------------------------------------------------------------------------------------


def test_a_webhook() -> None:
    with http() as hook:
        Webhook(Secret(f"{hook.url}/services/T0?x=1")).send(ALERT)
    ((path, headers, body),) = hook.got
    assert path == "/services/T0?x=1"
    assert headers["Content-Type"] == "application/json"
    assert body == {"text": "critical: hot &amp; &lt;cell&gt;: north channel 3: too hot", "alert": SHAPE}


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ConfigurationError), (400, ConfigurationError), (500, OSError), (429, OSError)],
)
def test_a_webhook_that_refuses(status: int, error: type[Exception]) -> None:
    with http() as hook:
        hook.answers = [status]
        with pytest.raises(error, match=rf"^127.0.0.1:\d+ answers {status} ") as caught:
            Webhook(Secret(f"{hook.url}/secret")).send(ALERT)
    assert "secret" not in str(caught.value)
    assert not (error is ConfigurationError and isinstance(caught.value, OSError))


def test_a_redirection_is_not_followed() -> None:
    with http() as hook:
        hook.answers = [302]
        with pytest.raises(ConfigurationError, match="answers 302"):
            Webhook(Secret(hook.url)).send(ALERT)
        assert [path for path, _, _ in hook.got] == ["/"]


def test_a_webhook_that_is_away() -> None:
    with http() as hook:
        url = hook.url
    with pytest.raises(OSError, match=r"^127.0.0.1:\d+: Connection refused$"):
        Webhook(Secret(url + "/secret")).send(ALERT)


def test_a_webhook_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from cti_client.watch import senders as module

    monkeypatch.setattr(module, "NETWORK_S", 0.1)
    with http() as hook:
        hook.hold.clear()
        with pytest.raises(OSError, match="timed out"):
            Webhook(Secret(hook.url)).send(ALERT)


def test_https_is_verified(tls: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = tls
    with http(context) as hook:
        with pytest.raises(OSError, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
            Webhook(Secret(hook.url)).send(ALERT)
        assert hook.got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        Webhook(Secret(hook.url)).send(ALERT)
    assert len(hook.got) == 1


# --- e-mail ------------------------------------------------------------------------------------------


def mail(box: Mailbox, security: str = "none", **values: Any) -> Mail:
    given: dict[str, Any] = {"sender": "cti@lab.example", "to": ["a@lab.example", "b@lab.example"]}
    return Mail("127.0.0.1", box.port, security, **(given | values))


def test_a_mail() -> None:
    with smtp() as box:
        mail(box).send(ALERT)
    (message,) = box.mails
    assert box.to == [["a@lab.example", "b@lab.example"]]
    assert message["Subject"] == "[critical] hot & <cell>, fired: north channel 3, test cell-1"
    assert (message["From"], message["To"]) == ("cti@lab.example", "a@lab.example, b@lab.example")
    assert message["Date"] == "Tue, 24 Mar 2026 08:00:00 -0000"
    assert message["Message-ID"].endswith("@lab.example>")
    assert message.get_content().splitlines() == [
        "hot & <cell>: north channel 3: too hot", "", "Time: 2026-03-24T08:00:00.250Z",
        "Condition: temperature_t1_degc > 45", "temperature_t1_degc: 46.5",
    ]  # fmt: skip


def test_a_name_makes_no_header() -> None:
    from dataclasses import replace

    odd = replace(ALERT, test_name="x\r\nBcc: evil@x.example\r\n\r\nbody\ud800", rule="größe")
    with smtp() as box:
        mail(box).send(odd)
    (message,) = box.mails
    assert box.to == [["a@lab.example", "b@lab.example"]]
    assert message["Bcc"] is None
    assert "größe" in message["Subject"]
    assert "\\r\\nBcc: evil@x.example" in message["Subject"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_over_tls(
    tls: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    file, context = tls
    with smtp(context, encrypted=security == "tls") as box:
        sender = mail(box, security, user="lab", password=Secret("hush"))
        with pytest.raises(OSError, match="certificate verify failed"):
            sender.send(ALERT)
        assert box.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        sender.send(ALERT)
    assert box.logins == [("lab", "hush", security == "starttls")]
    assert len(box.mails) == 1
    assert "hush" not in repr(sender)


def test_no_password_without_starttls() -> None:
    with smtp() as box:
        sender = mail(box, "starttls", user="lab", password=Secret("hush"))
        with pytest.raises(ConfigurationError, match="STARTTLS extension not supported by server"):
            sender.send(ALERT)
    assert (box.logins, box.mails) == ([], [])


@pytest.mark.parametrize(
    ("command", "answer", "error", "sentence"),
    [
        ("AUTH", "535 hush is wrong", ConfigurationError, "127.0.0.1 refused the login of lab (535)"),
        ("MAIL", "550 not from you", ConfigurationError, "127.0.0.1 answers 550 not from you"),
        ("MAIL", "451 later", OSError, "127.0.0.1 answers 451 later"),
        ("DATA", "554 spam", ConfigurationError, "127.0.0.1 answers 554 spam"),
        ("EHLO", "421 busy", OSError, "127.0.0.1 answers "),
    ],
)
def test_a_mail_that_is_refused(command: str, answer: str, error: type[Exception], sentence: str) -> None:
    with smtp() as box:
        box.refuse[command] = [answer] * 2
        if command == "EHLO":
            box.refuse["HELO"] = [answer]
        with pytest.raises(error) as caught:
            mail(box, user="lab", password=Secret("hush")).send(ALERT)
    assert str(caught.value).startswith(sentence)
    assert "hush" not in str(caught.value)
    assert box.mails == []


def test_one_of_two_addresses_is_refused() -> None:
    with smtp() as box:
        box.refuse["RCPT"] = ["550 nobody here"]
        with pytest.raises(
            ConfigurationError, match=r"does not take mail to a@lab.example \(550 nobody here\)"
        ):
            mail(box).send(ALERT)
    assert box.to == [["b@lab.example"]]


def test_a_server_that_wants_to_be_asked_later() -> None:
    with smtp() as box:
        box.refuse["RCPT"] = ["451 later"] * 2
        with pytest.raises(OSError, match=r"a@lab.example \(451 later\), b@lab.example \(451 later\)"):
            mail(box).send(ALERT)
        mail(box).send(ALERT)
    assert len(box.mails) == 1


def test_a_mail_that_was_taken_is_sent() -> None:
    with smtp() as box:
        box.refuse["QUIT"] = ["500 no"]
        mail(box).send(ALERT)
    assert len(box.mails) == 1


def test_a_server_that_is_away() -> None:
    with smtp() as box:
        sender = mail(box)
    with pytest.raises(OSError, match=r"^127.0.0.1: Connection refused$"):
        sender.send(ALERT)


# --- from the file -----------------------------------------------------------------------------------


def test_senders_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "smtp.password"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    with smtp() as box, http() as hook:
        monkeypatch.setenv("HOOK", hook.url + "/x")
        _, document = read_rule_file(
            file_of(
                tmp_path,
                f"""
[[rule]]
name = "a"
when = "voltage_v > 4"
[send.notes]
type = "file"
file = "alerts.log"
[send.chat]
type = "webhook"
url_variable = "HOOK"
[send.mail]
type = "email"
host = "127.0.0.1"
port = {box.port}
security = "none"
from = "a@b.example"
to = "c@d.example"
user = "lab"
password_file = "smtp.password"
[send.page]
type = "command"
command = ['{sys.executable}', "-c", "open('page', 'w')"]
""",
            )
        )
        monkeypatch.chdir(tmp_path)
        found = senders(document, ["notes", "chat", "mail", "page"], LogFile(tmp_path / "terminal"))
        for sender in found.values():
            sender.send(ALERT)
    assert (tmp_path / "alerts.log").read_text().count("\n") == 1
    assert hook.got[0][0] == "/x"
    assert (box.logins, box.to) == ([("lab", "hush", False)], [["c@d.example"]])
    assert (tmp_path / "page").exists()
    assert {name: sender.attempts for name, sender in found.items()} == {
        "notes": 1,
        "chat": 5,
        "mail": 5,
        "page": 1,
    }
    if os.name == "posix":
        secret.chmod(0o640)
        with pytest.raises(
            ConfigurationError, match=r"line 11: .*others than its owner may open it: run chmod 600"
        ):
            senders(document, ["mail"], LogFile(tmp_path / "terminal"))
