"""The page in a real browser: what people see, live, and that it loads nothing from anywhere else."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cti_client.watch import read_rules
from spoofer import Device, running
from tests.record.support import fleet
from tests.web.support import Shown, shown, until

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium or chromedriver is not there")

OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,900",
)  # fmt: skip

HOSTILE = "<script>document.title='owned'</script>"

#: How many pixels of a canvas are not empty.
INK = """
const { width, height } = arguments[0];
const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
context.drawImage(arguments[0], 0, 0);
const pixels = context.getImageData(0, 0, width, height).data;
let ink = 0;
const wanted = arguments[1];
for (let at = 0; at < pixels.length; at += 4) {
  if (wanted.every((part, index) => Math.abs(pixels[at + index] - part) < 40) && pixels[at + 3] > 60) ink++;
}
return ink;
"""

#: The colours of the lines in the light scheme: voltage, current, temperature, and charge against capacity.
LINES = ((0x1F, 0x5F, 0xBF), (0xB4, 0x54, 0x0A), (0xB3, 0x26, 0x1E))
CHARGE = (0x1A, 0x7F, 0x4B)


@dataclass
class Browser:
    """A browser that looks at a page of two cyclers, of which one is away.

    Attributes:
        driver: the browser.
        page: what it looks at.
        device: the cycler that is there.
    """

    driver: Any
    page: Shown
    device: Device

    def open(self, where: str = "") -> None:
        self.driver.get("about:blank")
        self.driver.get(self.page.address + where)

    def one(self, selector: str) -> Any:
        """Return an element, as soon as it is there."""
        return until(lambda: self.driver.find_elements(By.CSS_SELECTOR, selector))[0]

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
        return list(self.driver.execute_script(script, selector))

    def ink(self, number: int, colour: tuple[int, int, int]) -> int:
        canvas = self.driver.find_elements(By.CSS_SELECTOR, ".plot canvas")
        return int(self.driver.execute_script(INK, canvas[number], colour)) if len(canvas) > number else 0


@pytest.fixture(name="browser", scope="module")
def browser_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    rules = folder / "rules.toml"
    rules.write_text('[[rule]]\nname = "unsafe"\nwhen = "status == unsafe"\nseverity = "critical"\n')
    device = Device(4, seed=1, speed=200.0)
    for index in (0, 2):
        device.assign(index, "charge-discharge.sdx")
    device.start([0], "cell-1")
    device.start([2], HOSTILE)
    with socket.socket() as closed, running(device) as spoofer:
        closed.bind(("127.0.0.1", 0))  # nobody else gets this port, and nothing listens there
        cyclers = fleet(north=spoofer.port, south=closed.getsockname()[1])
        with shown(cyclers, 5.0, rules=read_rules(rules)) as page:
            driver = chromium(folder)
            try:
                browser = Browser(driver, page, device)
                yield browser
                nothing_went_wrong(browser)
            finally:
                driver.quit()


def nothing_went_wrong(browser: Browser) -> None:
    """Look at all that the browser has done: no error, and nothing that came from anywhere else."""
    assert [entry["message"] for entry in browser.driver.get_log("browser")] == []
    asked: list[str] = []
    for entry in browser.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
            assert message["params"]["request"]["method"] == "GET"
    # Of other schemes are the browser's own empty page and what is in the page itself.
    network = ("http", "https", "ws", "wss")
    hosts = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in network}
    assert hosts == {f"127.0.0.1:{browser.page.port}"}
    assert any("/api/" in url for url in asked)


def chromium(folder: Path) -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for option in (*OPTIONS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(str(DRIVER)))


def test_the_overview_is_live(browser: Browser) -> None:
    browser.device.clear(1)
    browser.open()
    until(lambda: len(browser.texts(".tile")) == 4)
    assert browser.texts(".card h2") == ["north", "south"]
    until(lambda: browser.texts(".tile .word")[1] == "idle")
    assert browser.texts(".tile .test") == ["cell-1", "", HOSTILE, ""]
    assert browser.driver.execute_script("return document.querySelectorAll('main script').length") == 0
    assert "nothing listens there" in until(lambda: browser.texts(".away-note")[1])
    until(lambda: browser.driver.title == "CTI · overview")
    volts = browser.texts(".tile .volts")[0]
    until(lambda: browser.texts(".tile .volts")[0] != volts)  # a running test's values go on

    browser.device.trip(1, "Over temperature")
    until(lambda: browser.texts(".tile .word")[1] == "unsafe")
    tile = browser.one(".tile:nth-child(2)")
    assert {"g-fault", "tile"} <= set(tile.get_attribute("class").split())
    assert browser.texts(".tile .sign")[1] == "✕"
    assert "channel 2: unsafe" in tile.get_attribute("aria-label")
    until(lambda: "idle → unsafe" in " ".join(browser.texts(".happened li")))

    until(lambda: browser.driver.title == "(1) CTI · overview")
    (alert,) = until(lambda: browser.texts(".banner .alert"))
    assert "unsafe: north channel 2" in alert
    assert browser.texts("#alert-count") == ["1"]
    until(lambda: "alerted" in tile.get_attribute("class"))


def test_the_filter_and_the_keyboard(browser: Browser) -> None:
    browser.device.trip(1, "Over temperature")
    browser.open()
    until(lambda: len(browser.texts(".tile")) == 4)
    shown_tiles = ".card:not([hidden]) .tile:not([hidden]) .no"
    until(lambda: browser.texts(".chip.g-fault") == ["✕fault1"])
    browser.one(".chip.g-fault").click()
    until(lambda: browser.texts(shown_tiles) == ["2"])
    browser.one(".chip.g-fault").click()
    field = browser.one(".filter")
    field.send_keys("north cell-1")
    until(lambda: browser.texts(shown_tiles) == ["1"])
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE)
    until(lambda: browser.texts(shown_tiles) == ["1", "2", "3", "4"])
    browser.one(".tile").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    focused = browser.driver.switch_to.active_element
    assert focused.get_attribute("href").endswith("#/channel/north/3")
    focused.send_keys(Keys.ENTER)
    assert until(lambda: browser.texts("h1")) == ["north · channel 3"]
    assert HOSTILE in until(lambda: browser.texts(".facts dd"))


def test_a_channel_has_curves(browser: Browser) -> None:
    browser.open("#/channel/north/1")
    for number, colour in enumerate(LINES):
        until(lambda number=number, colour=colour: browser.ink(number, colour) > 100)
    assert browser.texts(".badge")[0].lstrip("▲▼◆✓") in ("charge", "rest", "discharge", "finished")
    values = browser.texts(".values td")
    assert values[1] == "V"
    assert 2.0 < float(values[0]) < 5.0
    assert until(lambda: browser.texts(".chart-head b")[0]).endswith(" V")
    assert browser.driver.title.endswith("CTI · north · 1")

    assert browser.ink(0, CHARGE) == 0
    buttons = browser.driver.find_elements(By.CSS_SELECTOR, ".choice button")
    (capacity,) = [button for button in buttons if button.text == "Capacity"]
    capacity.click()
    until(lambda: browser.ink(0, CHARGE) > 50)
    assert capacity.get_attribute("aria-pressed") == "true"


def test_events_and_alerts_have_pages(browser: Browser) -> None:
    browser.device.trip(1, "Over temperature")
    browser.open("#/alerts")
    until(lambda: any("unsafe: north channel 2" in text for text in browser.texts(".alert")))
    browser.open("#/events")
    until(lambda: any("north · 2 idle → unsafe" in text for text in browser.texts(".happened li")))


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        for where, there in (("", ".tile"), ("#/channel/north/1", ".plot canvas")):
            browser.open(where)
            browser.one(there)
            until(lambda: browser.driver.execute_script("return document.documentElement.scrollWidth") <= 360)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
