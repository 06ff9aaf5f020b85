"""Benchmarks run when they are asked for: ``-m benchmark``, ``--benchmark-only``, or by naming their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    paths = [Path(word.split("::")[0]).resolve() for word in config.args]
    named = any(path == HERE or HERE in path.parents for path in paths)
    if named or "benchmark" in config.getoption("markexpr") or config.getoption("benchmark_only", False):
        return
    left_out = [item for item in items if HERE in item.path.parents and item.get_closest_marker("benchmark")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
