"""The routes and who may ask them: only reading, the token, the header ``Host``, what a browser may load."""

from __future__ import annotations

import gzip
import json
import math
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cti_client.web.app import application
from cti_client.web.guard import is_local_name
from cti_client.web.monitor import Monitor
from tests.record.support import reading
from tests.web.support import AT, ask, monitor_of, poll

STATIC = Path(str(files("cti_client.web").joinpath("static")))
API = ("overview", "series?cycler=north&channel=1", "events", "alerts", "health")
HEAD = {"started", "period_s", "polls", "last_event", "last_alert", "alerts_active", "cyclers_away"}
TOKEN = "a token, with: odd signs / ünd"


@pytest.fixture(name="app", scope="module")
def app_fixture() -> Any:
    return application(monitor_of(reading(1, voltage_v=3.7), reading(2, voltage_v=math.nan)))


@pytest.fixture(name="closed", scope="module")
def closed_fixture() -> Any:
    """An application that needs a token and can be reached from elsewhere."""
    return application(monitor_of(reading(1)), token=TOKEN, local=False, port=8080)


# --- what is answered --------------------------------------------------------------------------------


@pytest.mark.parametrize("route", API)
def test_every_route_of_the_data_is_json(app: Any, route: str) -> None:
    found = ask(app, f"/api/{route}")
    assert found.status == 200
    assert found.headers["content-type"] == "application/json"
    assert found.headers["cache-control"] == "no-store"
    assert set(found.json) >= HEAD


def test_numbers_that_are_none_are_null(app: Any) -> None:
    channels = ask(app, "/api/overview").json["cyclers"][0]["channels"]
    assert [channel["voltage_v"] for channel in channels] == [3.7, None]


@pytest.mark.parametrize(
    ("target", "status", "error"),
    [
        ("/api/series?cycler=north&channel=3", 404, "there is no channel 3 of a cycler 'north'"),
        ("/api/series?cycler=<b>&channel=1", 404, "there is no channel 1 of a cycler '<b>'"),
        ("/api/series?cycler=north&channel=one", 400, "channel: not a whole number"),
        ("/api/overview?since=-1", 400, "since: not a whole number"),
        ("/api/overview?since=1e9", 400, "since: not a whole number"),
        ("/api/events?since=" + "9" * 5000, 400, "since: not a whole number"),
        ("/api/events?since=%D9%A3", 400, "since: not a whole number"),
        ("/api/nothing", 404, "Not Found"),
        ("/static/../app.py", 404, "Not Found"),
        ("/static/vendor/../../app.py", 404, "Not Found"),
        ("/static/%2e%2e/app.py", 404, "Not Found"),
    ],
)
def test_what_is_wrong_is_told(app: Any, target: str, status: int, error: str) -> None:
    found = ask(app, target)
    assert (found.status, found.json) == (status, {"error": error})


def test_the_page_and_all_that_it_names_is_there(app: Any) -> None:
    page = ask(app, "/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    names = set(re.findall(r'(?:src|href)="(static/[^"]+)"', page.body.decode()))
    for script in STATIC.glob("*.js"):
        names |= {f"static/{name}" for name in re.findall(r'from "\./([^"]+)"', script.read_text("utf-8"))}
    assert len(names) >= 8
    for name in names:
        found = ask(app, f"/{name}")
        assert found.status == 200, name
        assert found.body == (STATIC / name.removeprefix("static/")).read_bytes()
    assert ask(app, "/static/page.js").headers["content-type"].startswith("text/javascript")


def test_every_file_is_served(app: Any) -> None:
    for file in STATIC.rglob("*.*"):
        name = file.relative_to(STATIC).as_posix()
        if name not in ("index.html", "vendor/README.md"):
            assert ask(app, f"/static/{name}").status == 200, name


def test_what_is_large_comes_compressed(app: Any) -> None:
    found = ask(app, "/static/vendor/uPlot.iife.min.js", accept_encoding="gzip")
    assert found.headers["content-encoding"] == "gzip"
    assert gzip.decompress(found.body) == (STATIC / "vendor/uPlot.iife.min.js").read_bytes()
    assert len(found.body) < 25_000


def test_hundreds_of_channels_are_one_short_answer() -> None:
    """50 cyclers with 16 channels."""
    names = [f"cycler-{number:02}" for number in range(50)]
    monitor = Monitor(names, 1.0, AT)
    readings = [
        reading(
            channel, "[12] 3: Charge, CCCV", test_name=f"formation-batch-7-cell-{channel:03}",
            voltage_v=3.61234 + channel / 7, current_a=1.25 + channel / 9, test_time_s=12345.25,
            step_time_s=1.5,
        )
        for channel in range(1, 17)
    ]  # fmt: skip
    for name in names:
        monitor.see(poll(0, *readings, cycler=name))
    found = ask(application(monitor), "/api/overview", accept_encoding="gzip")
    whole = gzip.decompress(found.body)
    assert len(json.loads(whole)["cyclers"]) == 50
    assert len(whole) < 250_000
    assert len(found.body) < 40_000


# --- only reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"])
@pytest.mark.parametrize("target", ["/", "/api/overview", "/static/page.js", "/nothing"])
def test_nothing_but_reading(app: Any, method: str, target: str) -> None:
    found = ask(app, target, method)
    assert (found.status, found.headers["allow"]) == (405, "GET, HEAD")


def test_head(app: Any) -> None:
    for target in ("/", "/api/overview", "/static/page.js"):
        found = ask(app, target, "HEAD")
        assert found.status == 200
        assert int(found.headers["content-length"]) == len(ask(app, target).body)


def test_routes_only_read() -> None:
    app = application(monitor_of(reading(1)))
    assert {method for route in app.routes for method in route.methods} == {"GET", "HEAD"}  # type: ignore[attr-defined]


# --- what a browser may load -------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/api/overview", "/static/page.js", "/nothing", "/api/series"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_headers_of_every_answer(app: Any, target: str, method: str) -> None:
    headers = ask(app, target, method).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_headers_of_a_refusal(closed: Any) -> None:
    assert ask(closed, "/").headers["content-security-policy"].startswith("default-src 'self';")


def test_no_script_or_style_stands_in_the_page() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.S) == ["", ""]
    assert "<style" not in page
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", page)


def test_nothing_is_loaded_from_elsewhere_and_no_markup_is_made() -> None:
    for file in (*STATIC.glob("*.js"), *STATIC.glob("*.css"), STATIC / "index.html"):
        text = file.read_text("utf-8")
        assert not re.search(r"(?<!xmlns=\")https?://|//\w+\.\w", text), file.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(", text)


def test_vendored_files_are_what_their_note_says() -> None:
    vendor = STATIC / "vendor"
    version = re.search(r"uPlot (\d+\.\d+\.\d+)", (vendor / "README.md").read_text("utf-8"))
    assert version is not None
    assert f"(v{version[1]})" in (vendor / "uPlot.iife.min.js").read_text("utf-8")[:100]
    assert "MIT License" in (vendor / "LICENSE").read_text("utf-8")


# --- who may ask -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        ("127.0.0.1:8080", True),
        ("127.0.0.1", True),
        ("127.8.9.10:80", True),
        ("localhost:8080", True),
        ("LOCALHOST", True),
        ("localhost.:8080", True),
        ("[::1]:8080", True),
        ("[::1]", True),
        ("", False),
        ("evil.example:8080", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8080", False),
        ("192.168.1.5:8080", False),
        ("0.0.0.0:8080", False),
        ("[::1", False),
        ("[::1]evil.example", False),
        ("[2001:db8::1]:8080", False),
        ("127.0.0.1@evil.example", False),
    ],
)
def test_names_of_this_computer(app: Any, host: str, fine: bool) -> None:
    assert is_local_name(host) is fine
    assert ask(app, "/api/health", host=host).status == (200 if fine else 400)


def test_a_request_without_a_name(app: Any) -> None:
    assert ask(app, "/", host=None).status == 400


def test_from_elsewhere_the_name_does_not_matter_but_the_token_does(closed: Any) -> None:
    assert ask(closed, "/", host="cycling.example").status == 401


@pytest.mark.parametrize("target", ["/", *(f"/api/{route}" for route in API), "/static/page.js", "/nothing"])
def test_nothing_without_the_token(closed: Any, target: str) -> None:
    found = ask(closed, target)
    assert found.status == 401
    assert found.headers["www-authenticate"] == 'Bearer realm="cti serve"'
    assert "set-cookie" not in found.headers
    assert TOKEN.encode() not in found.body


def test_the_token_in_the_address_is_kept_in_a_cookie(closed: Any) -> None:
    from urllib.parse import quote

    found = ask(closed, f"/?token={quote(TOKEN)}")
    assert found.status == 200
    cookie, *attributes = found.headers["set-cookie"].split("; ")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert cookie.startswith("cti_8080=")
    assert "token" not in cookie
    assert ask(closed, "/api/overview", cookie=f"theme=dark; {cookie}").status == 200
    assert "set-cookie" not in ask(closed, "/", cookie=cookie).headers


@pytest.mark.parametrize("token", ["", "wrong", "a token", TOKEN + "x", "%FF%FE"])
def test_a_wrong_token(closed: Any, token: str) -> None:
    from urllib.parse import quote

    found = ask(closed, f"/?token={quote(token, safe='%')}")
    assert (found.status, found.body) == (401, b"The token is wrong.\n")
    assert "set-cookie" not in found.headers


@pytest.mark.parametrize(
    "cookie",
    ["cti_8080=", "cti_8080=wrong", "cti_8081=x", "a=b", "=;;=", 'cti_8080="\\', "\x00", "cti_8080=ü"],
)
def test_a_wrong_cookie(closed: Any, cookie: str) -> None:
    assert ask(closed, "/", cookie=cookie).status == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer plain", 200), ("bearer plain", 200), ("Bearer x", 401), ("Basic plain", 401)],
)
def test_the_token_as_a_header(header: str, status: int) -> None:
    app = application(monitor_of(reading(1)), token="plain", local=False)
    assert ask(app, "/api/health", authorization=header).status == status


def test_with_a_token_on_this_computer_both_are_asked_for() -> None:
    app = application(monitor_of(reading(1)), token="plain", local=True)
    assert ask(app, "/", host="evil.example", authorization="Bearer plain").status == 400
    assert ask(app, "/").status == 401
    assert ask(app, "/", authorization="Bearer plain").status == 200


# --- texts of a cycler -------------------------------------------------------------------------------


def test_a_hostile_test_name_is_only_data() -> None:
    name = "</script><script>alert(1)</script>\ud800\x00"
    app = application(monitor_of(reading(1, "[1] 1: CC, Current(A)", test_name=name)))
    found = ask(app, "/api/overview")
    assert found.headers["content-type"] == "application/json"
    shown = found.json["cyclers"][0]["channels"][0]["test_name"]
    assert shown == name.replace("\ud800", "?")
