"""What stands in front of a sender: it never lets anybody wait, and counts what it drops."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from cti_client.watch.worker import Worker
from cti_schema.errors import ConfigurationError


class Said(list[str]):
    """What was said, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()

    def __call__(self, sentence: str) -> None:
        with self.changed:
            self.append(sentence)
            self.changed.notify_all()

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self) >= count, 10.0), self


def failing(*errors: Exception | None) -> tuple[Callable[[int], None], list[int]]:
    """Return something that fails so, one time after the other, then works; and what it took."""
    left, taken = list(errors), []

    def act(item: int) -> None:
        error = left.pop(0) if left else None
        if error is not None:
            raise error
        taken.append(item)

    return act, taken


def test_items_keep_their_order() -> None:
    act, taken = failing()
    worker = Worker("x", act, Said())
    for item in range(100):
        worker.put(item)
    worker.close(10.0)
    assert (taken, worker.done, worker.dropped) == ([*range(100)], 100, 0)


def test_what_may_work_later_is_tried_again() -> None:
    said = Said()
    act, taken = failing(OSError("no route"), OSError("no route"))
    worker = Worker("mail", act, said, attempts=3, first_pause_s=0.001)
    worker.put(1)
    said.wait(2)
    worker.close(10.0)
    assert said == ["mail: no route; it is tried again", "mail: works again"]
    assert (taken, worker.done, worker.dropped) == ([1], 1, 0)


def test_not_without_end_and_told_once() -> None:
    said = Said()
    act, taken = failing(*[OSError("no route")] * 6)
    worker = Worker("mail", act, said, attempts=3, first_pause_s=0.001)
    for item in range(3):
        worker.put(item)
    said.wait(2)
    worker.close(10.0)
    assert said == ["mail: no route; it is tried again", "mail: works again; 2 dropped meanwhile"]
    assert (taken, worker.done, worker.dropped) == ([2], 1, 2)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(ConfigurationError("answers 404"), "x: answers 404"), (ValueError("odd"), "x: ValueError: odd")],
)
def test_what_will_not_work_is_tried_once(error: Exception, sentence: str) -> None:
    said = Said()
    act, taken = failing(error)
    worker = Worker("x", act, said, attempts=5, first_pause_s=60.0)
    worker.put(1)
    worker.put(2)
    worker.close(10.0)
    assert said == [sentence, "x: works again; 1 dropped meanwhile"]
    assert (taken, worker.dropped) == ([2], 1)


def test_too_many_are_dropped_and_counted() -> None:
    said, go, begun = Said(), threading.Event(), threading.Event()

    def slow(item: int) -> None:
        begun.set()
        go.wait(10.0)

    worker = Worker("slow", slow, said, most=5)
    worker.put(0)
    assert begun.wait(10.0)
    for item in range(1, 20):
        worker.put(item)  # returns at once, or this test would not end
    assert said == ["slow: 5 wait already, what comes now is dropped"]
    go.set()
    worker.close(10.0)
    assert (worker.done, worker.dropped) == (6, 14)
    assert said[1:] == ["slow: works again; 14 dropped meanwhile"]


def test_the_end_waits_for_nobody_who_stands_still() -> None:
    go = threading.Event()

    def stand_still(item: int) -> None:
        go.wait(30.0)

    worker = Worker("dead", stand_still, Said())
    for item in range(3):
        worker.put(item)
    worker.close(0.05)
    assert (worker.done, worker.dropped) == (0, 3)
    go.set()


def test_the_end_does_not_wait_for_further_tries() -> None:
    act, taken = failing(*[OSError("away")] * 9)
    worker = Worker("mail", act, Said(), attempts=5, first_pause_s=60.0)
    worker.put(1)
    worker.put(2)
    worker.close(10.0)
    assert (taken, worker.done, worker.dropped) == ([], 0, 2)
