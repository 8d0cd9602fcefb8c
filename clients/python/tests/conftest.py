"""A real server with the demo's cohort: the one at HISTOQL_URL, or one that the tests start."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from histoql import HistoQL

ROOT = Path(__file__).resolve().parents[3]

FEATURE_SET = '{ featureSet(studyKey: "synthetic", key: "efficientnet-lite0") { id key dims vectors } }'


def _serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    environment = {**os.environ, "HISTOQL_DATA": str(folder), "HISTOQL_PORT": "0", "HISTOQL_LOG": "error"}
    environment.pop("DATABASE_URL", None)
    path = f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{environment['PATH']}"
    command = ["node", str(ROOT / "src" / "main.ts"), "demo", "--patients", "12"]
    server = subprocess.Popen(command, cwd=ROOT, env={**environment, "PATH": path}, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    address = ""
    for line in server.stdout:
        if found := re.search(r"GraphQL endpoint and page: (\S+)", line):
            address = found[1]
        if line.startswith("Again later"):
            return server, address
    raise RuntimeError(f"The demo ended with status {server.wait()}.")


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if given := os.environ.get("HISTOQL_URL"):
        yield given
        return
    server, address = _serve(tmp_path_factory.mktemp("histoql"))
    yield address
    server.terminate()
    server.wait(30)
    assert server.stdout
    server.stdout.close()


@pytest.fixture(scope="session")
def hq(url: str) -> Iterator[HistoQL]:
    with HistoQL(url) as client:
        yield client


@pytest.fixture(scope="session")
def feature_set(hq: HistoQL) -> dict:
    return hq.query(FEATURE_SET)["featureSet"]


STUDIES = itertools.count()


@pytest.fixture
def study(hq: HistoQL) -> str:
    """An empty study of the test's own."""
    key = f"python-{os.getpid()}-{next(STUDIES)}"
    hq.query(
        "mutation($key: String!) { createStudy(input: {key: $key, name: $key}) { study { key } errors { code message } } }",
        key=key,
    )
    return key


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for continuous integration to add up."""
    passed, failed, error, skipped = (
        len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error", "skipped")
    )
    terminalreporter.write_line(f"python: {passed} passed, {failed + error} failed, {skipped} skipped")
