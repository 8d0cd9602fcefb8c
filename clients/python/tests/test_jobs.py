"""Waiting for jobs, and sending files."""

from __future__ import annotations

import io
import json
import os
import pickle
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import histoql.jobs
from histoql import HistoQL, HistoQLError, JobFailedError
from histoql.http import StreamCutError

BUILD = """mutation($featureSet: ID!, $seed: Int!) {
  buildCodebook(input: { featureSet: $featureSet, scope: STUDY, clusters: 3, seed: $seed }) {
    job { id } errors { code message fix path }
  }
}"""

SEEDS = iter(range(1000, 2000))


def build(hq: HistoQL, feature_set: dict) -> dict:
    return hq.query(BUILD, featureSet=feature_set["id"], seed=next(SEEDS))


def test_waits_until_the_end(hq: HistoQL, feature_set: dict, capsys: pytest.CaptureFixture[str]) -> None:
    ended = hq.wait(build(hq, feature_set))
    assert ended["state"] == "SUCCEEDED"
    assert ended["result"]["__typename"] == "Codebook"
    assert "CODEBOOK SUCCEEDED" in capsys.readouterr().err


def test_a_job_that_has_ended_needs_no_waiting(hq: HistoQL, feature_set: dict) -> None:
    job = build(hq, feature_set)["buildCodebook"]["job"]
    first = hq.wait(job, progress=False)
    assert hq.wait(job["id"], progress=False) == first
    assert hq.wait({"job": job}, progress=False) == first


def test_asks_where_no_stream_gets_through(
    hq: HistoQL, feature_set: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that lets no stream through, which cannot be had here: its cut streams stand in for it."""
    cuts = 0

    def cut(*_: object) -> object:
        nonlocal cuts
        cuts += 1
        raise StreamCutError("STREAM_CUT", "Cut.")

    monkeypatch.setattr(hq._endpoint, "follow", cut)
    monkeypatch.setattr(histoql.jobs, "_POLL_SECONDS", 0.05)
    assert hq.wait(build(hq, feature_set), progress=False)["state"] == "SUCCEEDED"
    assert cuts == histoql.jobs._CUTS


def test_a_subscription_is_an_iterator(hq: HistoQL, feature_set: dict) -> None:
    job = build(hq, feature_set)["buildCodebook"]["job"]["id"]
    events = list(hq.subscribe("subscription($id: ID!) { jobProgress(id: $id) { state } }", id=job))
    assert events[-1] == {"jobProgress": {"state": "SUCCEEDED"}}


def test_a_job_that_is_stopped_is_an_error_unless_it_may_be(hq: HistoQL, feature_set: dict) -> None:
    job = hq.query(
        """mutation($key: String!, $featureSet: ID!) { trainMilModel(input: {
          key: $key, featureSet: $featureSet, architecture: GATED_ABMIL, epochs: 1000, patience: 1000
          task: { survival: { endpoint: "os" } }, splits: { folds: { count: 5 } }
        }) { job { id } errors { code message fix path } } }""",
        key=f"stopped-{os.getpid()}",
        featureSet=feature_set["id"],
    )["trainMilModel"]["job"]
    with pytest.raises(HistoQLError, match="it goes on") as late:
        hq.wait(job, progress=False, timeout=0)
    assert late.value.code == "TIMEOUT"
    hq.query("mutation($id: ID!) { cancelJob(id: $id) { job { state } errors { code message } } }", id=job["id"])
    with pytest.raises(JobFailedError) as caught:
        hq.wait(job, progress=False)
    assert caught.value.code == "CANCELLED"
    assert "retryJob" in caught.value.fix
    assert hq.wait(job, progress=False, check=False) == caught.value.job


@contextmanager
def telling(*events: str) -> Iterator[tuple[str, list[str | None]]]:
    """A server that answers every POST with these events and then says nothing, and every GET with a byte; with what it was told of who asks."""
    tokens: list[str | None] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tokens.append(self.headers["authorization"])
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for event in events:
                self.wfile.write(f"event: next\ndata: {event}\n\n".encode())
            done.wait(20)

        def do_GET(self) -> None:
            tokens.append(self.headers["authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", tokens
    finally:
        done.set()
        server.shutdown()
        server.server_close()


def test_waits_no_longer_than_it_may_when_nothing_happens() -> None:
    """A job that is queued behind others for an hour tells of itself once, and then nothing."""
    queued = {
        "id": "x", "kind": "EMBED", "state": "QUEUED", "failures": {"nodes": []},
        "progress": {"done": 0, "total": None, "unit": "patches", "message": None},
    }  # fmt: skip
    with telling(json.dumps({"data": {"jobProgress": queued}})) as (url, _), HistoQL(url) as client:
        start = time.monotonic()
        with pytest.raises(HistoQLError) as caught:
            client.wait("x", progress=False, timeout=1.5)
        assert caught.value.code == "TIMEOUT"
        assert time.monotonic() - start < 10


JOB = {
    "id": "x", "kind": "EMBED", "state": "RUNNING", "failures": {"nodes": []}, "result": None,
    "progress": {"done": 1, "total": 2, "unit": "patches", "message": None},
}  # fmt: skip


def answers(monkeypatch: pytest.MonkeyPatch, *told: dict | HistoQLError) -> HistoQL:
    """A client whose server tells of a job once, ends the stream in good order, and then answers so."""
    client = HistoQL("http://127.0.0.1:1")
    answer = iter(told)

    def look(*_: object, **__: object) -> dict:
        following = next(answer)
        if isinstance(following, HistoQLError):
            raise following
        return {"job": following}

    monkeypatch.setattr(client._endpoint, "follow", lambda *_: iter([{"data": {"jobProgress": JOB}}]))
    monkeypatch.setattr(client, "query", look)
    monkeypatch.setattr(histoql.jobs, "_POLL_SECONDS", 0.01)
    return client


def test_a_server_that_is_started_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    away = HistoQLError("UNREACHABLE", "Nobody is there.")
    ended = {**JOB, "state": "SUCCEEDED"}
    with answers(monkeypatch, away, away, away, away, JOB, away, ended) as client:
        assert client.wait("x", progress=False) == ended
    with answers(monkeypatch, HistoQLError("FORBIDDEN", "No more.")) as client, pytest.raises(HistoQLError, match="FORBIDDEN"):
        client.wait("x", progress=False)
    monkeypatch.setattr(histoql.jobs, "_PATIENCE_SECONDS", 0.0)
    with answers(monkeypatch, away) as client, pytest.raises(HistoQLError, match="UNREACHABLE"):
        client.wait("x", progress=False)


def test_errors_get_from_one_process_to_another() -> None:
    failed = JobFailedError({**JOB, "state": "FAILED", "failures": {"nodes": [{"code": "NO_TISSUE", "message": "M.", "fix": "F."}]}})
    for error in (failed, HistoQLError("NOT_FOUND", "M.", fix="F.", path=["a"], data={"b": 1})):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert vars(again) == vars(error) and str(again) == str(error)


def test_a_subscription_that_is_cut_off_is_an_error_like_others() -> None:
    with HistoQL("http://127.0.0.1:1") as client, pytest.raises(HistoQLError) as caught:
        next(client.subscribe("subscription { jobProgress(id: 1) { state } }"))
    assert caught.value.code == "STREAM_CUT"
    assert caught.value.fix


def test_the_token_goes_with_questions_alone() -> None:
    """A signed address needs none, and may lead to another host, such as a bucket's."""
    with telling() as (url, tokens), HistoQL("http://127.0.0.1:1", token="secret") as client:
        assert client.fetch(f"{url}/signed") == b"x"
        assert tokens == [None]


def test_a_job_that_there_is_not(hq: HistoQL) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.wait("WyJKb2IiLCIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ", progress=False)
    assert caught.value.code == "NOT_FOUND"
    with pytest.raises(TypeError):
        hq.wait({"a": 1, "b": 2})


TABLE = b"case;age\nA-1;61\nA-2;44\n"
IMPORT = """mutation($study: String!, $upload: ID!) {
  importClinical(input: { studyKey: $study, upload: $upload, patientColumn: "case" }) {
    created errors { code message fix path }
  }
}"""


@pytest.mark.parametrize("kind", ["path", "bytes", "file"])
def test_a_table_is_sent_and_imported(hq: HistoQL, study: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    if kind == "path":
        upload = hq.upload(path)
    elif kind == "bytes":
        upload = hq.upload(TABLE, "table.csv")
    else:
        upload = hq.upload(io.BytesIO(TABLE), "table.csv")
    assert hq.query(IMPORT, study=study, upload=upload)["importClinical"]["created"] == 2
    ages = hq.frame(
        """query($study: String!, $after: String) { patients(filter: { studyKey: $study }, after: $after) {
          nodes { key clinical } pageInfo { hasNextPage endCursor }
        } }""",
        study=study,
    )
    assert dict(zip(ages["key"], ages["clinical.age"], strict=True)) == {"A-1": 61, "A-2": 44}
