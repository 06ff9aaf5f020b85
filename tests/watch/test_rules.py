"""The file with the rules: what it may have, and one sentence with the line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti_client.watch.engine import Engine
from cti_client.watch.rules import TERMINAL, read_rule_file, read_rules
from cti_client.watch.sending import check_senders, senders
from cti_schema.errors import ConfigurationError
from tests.watch.support import file_of, one, run, states, warm

DOCS = Path(__file__).parents[2] / "docs"


def test_a_rule_with_all_keys(tmp_path: Path) -> None:
    (rule,) = read_rules(
        file_of(
            tmp_path,
            """
[[rule]]
name = "hot cell"
when = '''
  temperature_t1_degc > 45
  for 10 s'''
clear = "temperature_t1_degc < 43"
cycler = ["north*", "east"]
channel = ["1-3", 8]
test = "formation-*"
severity = "critical"
send = ["terminal", "notes"]
stop = true

[send.notes]
type = "file"
file = "alerts.log"
""",
        )
    )
    assert (rule.name, rule.when.text) == ("hot cell", "temperature_t1_degc > 45 for 10 s")
    assert (rule.cyclers, rule.channels, rule.tests) == (
        ("north*", "east"),
        frozenset({1, 2, 3, 8}),
        ("formation-*",),
    )
    assert (rule.severity, rule.send, rule.stop) == ("critical", ("terminal", "notes"), True)
    assert rule.where.endswith("rules.toml, line 3")
    assert rule.clear is not None


def test_what_is_left_out(tmp_path: Path) -> None:
    rule = one(tmp_path, when="voltage_v > 4")
    assert (rule.cyclers, rule.channels, rule.tests, rule.clear) == (None, None, None, None)
    assert (rule.severity, rule.send, rule.stop) == ("warning", (TERMINAL,), False)


@pytest.mark.parametrize("channel", [5, "5", [5], "5-5", ["5"]])
def test_channels(tmp_path: Path, channel: object) -> None:
    assert one(tmp_path, when="voltage_v > 4", channel=channel).channels == frozenset({5})


def test_hysteresis_is_the_opposite_comparison_farther_away(tmp_path: Path) -> None:
    rule = one(tmp_path, when="temperature_t1_degc > 45 for 2 s", hysteresis=2)
    values = [46, 46, 46, 44, 43, 42]
    alerts = run(Engine([rule], []), [warm(*pair) for pair in enumerate(values)])
    assert states(alerts) == [("fired", 2), ("cleared", 5)]


RULE = '[[rule]]\nname = "hot"\nwhen = "temperature_t1_degc > 45"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no [[rule]] in it"),
        ("[[rule]]\nname = 3 3", "line 2, column 10: this is no TOML"),
        ("[rule]\nname = 'a'", "line 1: write [[rule]], with two brackets, above each rule"),
        ("x = 1\n" + RULE, "line 1: unknown key 'x' (known: [[rule]] and [send.NAME])"),
        (RULE + "[[rules]]\nname = 'a'", "line 4: unknown table 'rules'; did you mean 'rule'?"),
        (RULE + "[[send]]\nname = 'a'", "line 4: write [send.NAME] above each sender"),
        ("[[rule]]\nwhen = 'voltage_v > 4'", "line 1: the key 'name' is missing"),
        ("[[rule]]\nname = ''\nwhen = 'voltage_v > 4'", "line 2: 'name' is empty"),
        ("[[rule]]\nname = 'a'", "line 1: the key 'when' is missing"),
        (RULE + "\n" + RULE, "line 6: another rule is called 'hot' too"),
        (RULE + "sevrity = 'info'", "line 4: unknown key 'sevrity'; did you mean 'severity'?"),
        (
            RULE + "severity = 'critcal'",
            "line 4: unknown severity 'critcal'; did you mean 'critical'? (known: info,",
        ),
        (RULE + "stop = 'yes'", "line 4: 'stop' must be true or false, not a text"),
        (RULE + "stop = 1", "line 4: 'stop' must be true or false, not a whole number"),
        (RULE + "hysteresis = true", "line 4: 'hysteresis' must be a number, not true or false"),
        (RULE + "hysteresis = -1", "line 4: -1 is below zero"),
        (
            RULE + "hysteresis = nan",
            "line 4: 'hysteresis' must be a number, not something that is not finite",
        ),
        (RULE + "hysteresis = 1\nclear = 'voltage_v < 3'", "line 4: 'clear' says it already"),
        (
            RULE + "clear = 'voltge_v < 3'",
            "line 4: 'voltge_v < 3': unknown field 'voltge_v'; did you mean 'voltage_v'?",
        ),
        (RULE + "clear = 'test ended'", "line 4: 'test ended' is nothing that a reading shows"),
        (RULE + "channel = 0", "line 4: there is no channel 0: channels are counted from 1"),
        (RULE + "channel = '3-1'", "line 4: the range 3-1 runs backwards"),
        (
            RULE + "channel = 1.5",
            "line 4: 'channel' must be a whole number or a text, or a list of such, not a number",
        ),
        (RULE + "channel = []", "line 4: 'channel' is empty"),
        (RULE + "cycler = [1]", "line 4: 'cycler' must be a text, or a list of such, not a whole number"),
        (
            RULE + "send = ['mail']",
            "line 4: unknown sender 'mail' (known: terminal); declare it with [send.mail]",
        ),
        (
            RULE + "send = 'mial'\n[send.mail]\ntype = 'terminal'",
            "line 4: unknown sender 'mial'; did you mean 'mail'?",
        ),
        (
            "# a comment\n" + RULE + "\n[[rule]]\nname = 'b'\nwhen = 'voltage_v > 4 and temprature > 3'",
            "line 8: 'voltage_v > 4 and temprature > 3': unknown field 'temprature'; did you mean "
            "'temperature_t1_degc'?",
        ),
        (
            "[[rule]]\nname='a'\nwhen='status == unsave'",
            "line 3: 'status == unsave': unknown status 'unsave'; did you",
        ),
        (
            "[[rule]]\nname='a'\nwhen='test ended'\nhysteresis = 1",
            "line 4: an event is over at once: take 'hysteresis'",
        ),
        ("[[rule]]\nname='a'\nwhen='test ended'\nstop = true", "line 4: a test that has ended needs no stop"),
        (
            "[[rule]]\nname='a'\nwhen='no reading for 3 s'\nstop = true",
            "line 4: 'no reading' is about a cycler, not",
        ),
        (
            "[[rule]]\nname='a'\nwhen='no reading for 3 s'\nchannel = 3",
            "line 4: 'no reading' is about a cycler, not",
        ),
        (
            "[[rule]]\nname='a'\nwhen='no reading for 3 s'\ntest = 'a'",
            "line 4: 'no reading' is about a cycler, not",
        ),
        (
            "[[rule]]\nname='a'\nwhen='no reading for 3 s'\nclear = 'voltage_v > 3'",
            "line 4: 'no reading' is over with",
        ),
        (
            "[[rule]]\nname='a'\nwhen='voltage_v > 3 and current_a > 1'\nhysteresis = 1",
            "line 4: it needs a condition",
        ),
        (
            "[[rule]]\nname='a'\nwhen='status == rest'\nhysteresis = 1",
            "line 4: it needs a condition with one <, <=",
        ),
    ],
)
def test_each_mistake_has_its_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = file_of(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_rules(file)
    assert str(caught.value).startswith(str(file))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"rules.toml: No such file or directory"):
        read_rules(tmp_path / "rules.toml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_bytes(b"[[rule]]\nname = '\xff'")
    with pytest.raises(ConfigurationError, match="line 2: this is no UTF-8"):
        read_rules(tmp_path / "rules.toml")


MAIL = "type = 'email'\nhost = 'smtp.example'\nfrom = 'a@b.example'\nto = ['c@d.example']\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file = 'x'", "line 4: the key 'type' is missing (known: terminal, file, command, webhook, email)"),
        ("type = 'e-mail'", "line 5: unknown type 'e-mail'; did you mean 'email'?"),
        ("type = 'file'", "line 4: the key 'file' is missing"),
        ("type = 'file'\npath = 'x'", "line 6: unknown key 'path'"),
        ("type = 'command'\ncommand = 'rm -rf /'", "line 6: write the program and its arguments as a list"),
        ("type = 'command'\ncommand = []", "line 6: 'command' is empty"),
        ("type = 'command'\ncommand = ['x']\ntimeout_s = 0", "line 7: 0 s is not above 0 and at most 3600"),
        ("type = 'webhook'", "line 4: give either 'url' or 'url_variable'"),
        ("type = 'webhook'\nurl = 'ftp://x/'", "line 6: this is no URL that begins with https:// or http://"),
        ("type = 'webhook'\nurl = 'file:///etc/passwd'", "line 6: this is no URL that begins with"),
        ("type = 'webhook'\nurl = 'https://x/ y'", "line 6: this is no URL that begins with"),
        ("type = 'webhook'\nurl = 'https://a:secret@x/'", "line 6: there is a user in this URL"),
        ("type = 'webhook'\nurl = 'https://x:99999/'", "line 6: this is no URL"),
        (MAIL + "security = 'ssl'", "line 9: unknown security 'ssl' (known: starttls, tls, none)"),
        (MAIL + "port = 0", "line 9: 0 is no port"),
        (MAIL + "password_file = 'x'", "line 9: the key 'user' is missing, whose password that is"),
        (MAIL + "password = 'secret'", "line 9: a password does not belong into this file"),
        (
            MAIL + "user = 'u'\npassword_file = 'x'\npassword_variable = 'X'",
            "line 11: 'password_file' says it already",
        ),
        (MAIL + "user = 'u'\nsecurity = 'none'", "line 10: the password would travel in clear text"),
        (MAIL.replace("'c@d.example'", "'nobody'"), "line 8: 'nobody' is no address like lab@example.org"),
        (MAIL.replace("'c@d.example'", "'a@b\\nBcc: x@y'"), "line 8: "),
        (MAIL.replace("a@b.example", "Lab <a@b.example>"), "line 7: 'Lab <a@b.example>' is no address"),
    ],
)
def test_each_mistake_of_a_sender_has_its_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    _, document = read_rule_file(file_of(tmp_path, RULE + f"[send.x]\n{text}"))
    with pytest.raises(ConfigurationError) as caught:
        check_senders(document)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


class Nobody:
    attempts = 1

    def send(self, alert: object) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (MAIL + "user = 'u'", "the environment variable CTI_SMTP_PASSWORD is not set"),
        (MAIL + "user = 'u'\npassword_variable = 'CTI_NOT_THERE'", "variable CTI_NOT_THERE is not set"),
        (MAIL + "user = 'u'\npassword_file = 'x'", "x: No such file or directory"),
        ("type = 'webhook'\nurl_variable = 'CTI_NOT_THERE'", "variable CTI_NOT_THERE is not set"),
        ("type = 'command'\ncommand = ['no-such-program-x']", "there is no program 'no-such-program-x'"),
        ("type = 'file'\nfile = 'missing/alerts.log'", "alerts.log: No such file or directory"),
    ],
)
def test_what_is_missing_is_told_only_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.delenv("CTI_SMTP_PASSWORD", raising=False)
    _, document = read_rule_file(file_of(tmp_path, RULE + f"[send.x]\n{text}"))
    assert [*senders(document, ["terminal"], Nobody())] == ["terminal"]
    with pytest.raises(ConfigurationError) as caught:
        senders(document, ["x"], Nobody())
    assert sentence in str(caught.value)
    assert "rules.toml, line 4" in str(caught.value)


def test_the_terminal_is_the_terminal(tmp_path: Path) -> None:
    _, document = read_rule_file(file_of(tmp_path, RULE + "[send.terminal]\ntype = 'file'\nfile = 'x'"))
    with pytest.raises(ConfigurationError, match="line 5: 'terminal' is always the terminal"):
        check_senders(document)


def test_the_rules_of_the_documentation() -> None:
    rules, document = read_rule_file(DOCS / "examples" / "rules.toml")
    assert len(rules) == 10
    assert set(check_senders(document)) >= {name for rule in rules for name in rule.send}
    page = (DOCS / "watching.md").read_text(encoding="utf-8")
    assert "```{literalinclude} examples/rules.toml" in page
