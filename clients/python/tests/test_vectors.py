"""Vectors in bulk: whole, filtered, resumed, and never a part taken for the whole."""

from __future__ import annotations

import http.client
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pytest

from histoql import Embeddings, HistoQL, HistoQLError, decode_vector
from histoql.vectors import EXPORT, read_stream


def test_a_feature_set_is_one_matrix_and_one_table(hq: HistoQL, feature_set: dict) -> None:
    found = hq.embeddings(feature_set["id"])
    assert found.vectors.shape == (feature_set["vectors"], feature_set["dims"])
    assert found.vectors.dtype == np.float32
    assert np.isfinite(found.vectors).all()
    assert len(found) == found.table.num_rows == feature_set["vectors"]
    assert found.slides_left_out == 0
    assert found.metadata["featureSet"]["id"] == feature_set["id"]
    assert found.metadata["featureSet"]["lineage"]["digest"]
    frame = found.frame()
    assert {"patch", "slide", "patient", "x", "y", "size", "micronsPerPixel"} <= set(frame.columns)
    assert frame["patch"].is_unique
    assert found.polars().shape == frame.shape


def test_the_table_shares_the_memory_of_the_matrix(hq: HistoQL, feature_set: dict) -> None:
    found = hq.embeddings(feature_set["id"])
    column = found.table.column("vector")
    assert column.num_chunks == 1
    values = column.chunk(0).values.to_numpy(zero_copy_only=True)
    assert np.shares_memory(values, found.vectors)
    assert pa.types.is_fixed_size_list(column.type)


def test_rows_are_the_vectors_of_their_patches(hq: HistoQL, feature_set: dict) -> None:
    found = hq.embeddings(feature_set["id"], precision="FLOAT16")
    assert found.vectors.dtype == np.float16
    patches = found.table.column("patch").to_pylist()
    for row in (0, len(found) // 2, len(found) - 1):
        node = hq.query(
            """query($id: ID!, $featureSet: ID!) {
              node(id: $id) { ... on Patch { x y vector(featureSet: $featureSet) slide { key patient { key } } } }
            }""",
            id=patches[row],
            featureSet=feature_set["id"],
        )["node"]
        assert np.array_equal(found.vectors[row].astype(np.float32), decode_vector(node["vector"]))
        told = {name: found.table.column(name)[row].as_py() for name in ("x", "y", "slide", "patient")}
        slide = node["slide"]
        assert told == {"x": node["x"], "y": node["y"], "slide": slide["key"], "patient": slide["patient"]["key"]}


def test_filters_and_columns(hq: HistoQL, feature_set: dict) -> None:
    among = {"patients": {"keys": ["SYN-0001", "SYN-0003"]}}
    found = hq.embeddings(feature_set["id"], filter=among, columns=["age_years", "invasion_pattern"])
    frame = found.frame()
    assert set(frame["patient"]) == {"SYN-0001", "SYN-0003"}
    assert 0 < len(found) < feature_set["vectors"]
    clinical = {
        node["key"]: node["clinical"]
        for node in hq.nodes(
            """query($after: String) { patients(filter: { studyKey: "synthetic" }, after: $after) {
              nodes { key clinical } pageInfo { hasNextPage endCursor } } }"""
        )
    }
    for row in frame.itertuples():
        assert row.age_years == clinical[row.patient]["age_years"]
        assert row.invasion_pattern == clinical[row.patient]["invasion_pattern"]


def test_a_filter_that_nothing_passes(hq: HistoQL, feature_set: dict) -> None:
    among = {"patients": {"clinical": [{"attribute": "age_years", "test": {"number": {"gt": 200}}}]}}
    found = hq.embeddings(feature_set["id"], filter=among)
    assert found.vectors.shape == (0, feature_set["dims"])
    assert found.frame().empty


def test_refusals_are_told(hq: HistoQL, feature_set: dict) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.embeddings(feature_set["id"], columns=["no_such_column"])
    assert caught.value.code == "COLUMN_UNKNOWN"


def test_anndata(hq: HistoQL, feature_set: dict) -> None:
    pytest.importorskip("anndata")
    among = {"patients": {"keys": ["SYN-0002"]}}
    data = hq.anndata(feature_set["id"], filter=among, columns=["age_years"])
    assert data.shape == data.X.shape
    assert data.obsm["spatial"].shape == (data.n_obs, 2)
    assert set(data.obs["patient"]) == {"SYN-0002"}
    assert data.uns["histoql"]["study"] == "synthetic"


@contextmanager
def cutting(url: str, after_bytes: list[int]) -> Iterator[tuple[str, list[str]]]:
    """A proxy that hangs up after so many bytes of each answer in turn; later answers go through whole."""
    upstream = urlsplit(url)
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))
    limits = itertools.chain(after_bytes, itertools.repeat(None))

    def serve(client: socket.socket) -> None:
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port)
        # A client that has seen enough hangs up, while there is more to send.
        with client, closing(connection), suppress(ConnectionError):
            request = client.recv(65536).decode("latin-1")
            path = request.split(" ")[1]
            asked.append(path)
            connection.request("GET", path)
            response = connection.getresponse()
            limit = next(limits)
            client.sendall(b"HTTP/1.1 %d x\r\nconnection: close\r\n\r\n" % response.status)
            sent = 0
            while block := response.read(4096):
                if limit is not None and sent + len(block) > limit:
                    client.sendall(block[: limit - sent])
                    break
                client.sendall(block)
                sent += len(block)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def through(proxy: str, hq: HistoQL, wanted: dict) -> dict:
    export = hq.query(EXPORT, input=wanted)["exportFeatures"]
    address = urlsplit(export["url"])
    return {**export, "url": f"{proxy}{address.path}?{address.query}"}


def test_a_stream_that_breaks_off_goes_on_where_it_broke(hq: HistoQL, url: str, feature_set: dict) -> None:
    whole = hq.embeddings(feature_set["id"])
    # In the schema, in the middle of the first batch, and behind the first batch.
    cuts = [100, 300_000, 2_000_000]
    with cutting(url, cuts) as (proxy, asked):
        resumed = read_stream(
            lambda: through(proxy, hq, {"featureSet": feature_set["id"]}), timeout=20, pause=0
        )
    assert len(asked) > len(cuts)
    assert np.array_equal(resumed.vectors, whole.vectors)
    assert resumed.table.column("patch").to_pylist() == whole.table.column("patch").to_pylist()
    assert resumed.frame().equals(whole.frame())


def test_a_stream_that_never_gets_through_is_told(hq: HistoQL, url: str, feature_set: dict) -> None:
    with cutting(url, [100] * 50) as (proxy, _), pytest.raises(HistoQLError) as caught:
        read_stream(lambda: through(proxy, hq, {"featureSet": feature_set["id"]}), timeout=20, pause=0)
    assert caught.value.code == "STREAM_CUT"


@contextmanager
def busy(times: int) -> Iterator[tuple[str, list[float]]]:
    """A server that sends as many streams as it can already, for so many requests; then it leads on to the address behind `?to=`."""
    asked: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(time.monotonic())
            if len(asked) > times:
                self.send_response(302)
                self.send_header("location", unquote(self.path.split("?to=")[1]))
                self.end_headers()
                return
            self.send_response(503)
            self.send_header("retry-after", "1")
            self.end_headers()
            self.wfile.write(b'{"code": "LIMIT_EXCEEDED", "message": "Busy.", "fix": "Try again."}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_server_that_is_busy_is_waited_for(hq: HistoQL, feature_set: dict) -> None:
    def ask(url: str) -> dict:
        export = hq.query(EXPORT, input={"featureSet": feature_set["id"]})["exportFeatures"]
        return {**export, "url": f"{url}/?to={quote(export['url'], safe='')}"}

    # More often than a stream may break off.
    with busy(6) as (url, asked):
        assert len(read_stream(lambda: ask(url), timeout=30, pause=0)) == feature_set["vectors"]
    assert asked[-1] - asked[0] > 5
    with busy(100) as (url, asked), pytest.raises(HistoQLError) as caught:
        read_stream(lambda: ask(url), timeout=1.5, pause=0)
    assert caught.value.code == "LIMIT_EXCEEDED"
    assert caught.value.fix == "Try again."
    assert len(asked) < 5


def test_rows_that_have_changed_are_no_whole(hq: HistoQL, url: str, feature_set: dict) -> None:
    """A stream breaks off, and its address has expired; the new export is of other slides."""
    asked = 0

    def ask(proxy: str) -> dict:
        nonlocal asked
        asked += 1
        among = {"patients": {"keys": ["SYN-0001", "SYN-0003" if asked == 1 else "SYN-0002"]}}
        export = through(proxy, hq, {"featureSet": feature_set["id"], "filter": among})
        # The numbers of rows happen to be the same.
        return {**export, "rows": 10_000} if asked > 1 else {**export, "rows": 10_000, "url": f"{export['url']}x"}

    with cutting(url, []) as (proxy, _), pytest.raises(HistoQLError) as caught:
        read_stream(lambda: ask(proxy), timeout=20, pause=0)
    assert caught.value.code == "CONFLICT"


def test_rows_without_ids_are_not_tried_for_ever() -> None:
    """Slide-level vectors cannot be gone on behind: a stream of them that is always cut must come to an error."""
    schema = pa.schema([("slide", pa.string()), ("vector", pa.list_(pa.float32(), 2))], metadata={"histoql": '{"rows": 9}'})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write(pa.record_batch([["a"], [[1.0, 2.0]]], schema=schema))
    cut = sink.getvalue().to_pybytes()
    listener = socket.create_server(("127.0.0.1", 0))
    answers = 0

    def serve() -> None:
        nonlocal answers
        while answers < 50:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            answers += 1
            with client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n" + cut)

    threading.Thread(target=serve, daemon=True).start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/?x=1"
    try:
        with pytest.raises(HistoQLError) as caught:
            read_stream(lambda: {"url": address, "rows": 9}, timeout=5, pause=0)
        assert caught.value.code == "STREAM_CUT"
        assert answers < 10
    finally:
        listener.close()


def test_anndata_can_be_written(hq: HistoQL, feature_set: dict, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    among = {"patients": {"keys": ["SYN-0002"]}}
    data = hq.anndata(feature_set["id"], filter=among, columns=["age_years"])
    data.write_h5ad(tmp_path / "out.h5ad")
    again = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert np.array_equal(again.X, data.X)


def test_anndata_can_be_written_where_booleans_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's patients have no booleans; this table stands in for an export with one."""
    anndata = pytest.importorskip("anndata")
    columns = {"patch": ["a", "b", "c"], "flag": pa.array([True, None, False]), "vector": [[1.0]] * 3}
    table = pa.table(columns).cast(
        pa.schema([("patch", pa.string()), ("flag", pa.bool_()), ("vector", pa.list_(pa.float32(), 1))])
    )
    found = Embeddings(table, np.ones((3, 1), np.float32))
    with HistoQL() as client:
        monkeypatch.setattr(client, "embeddings", lambda *_, **__: found)
        client.anndata("x").write_h5ad(tmp_path / "out.h5ad")
    again = anndata.read_h5ad(tmp_path / "out.h5ad").obs["flag"]
    assert again.isna().tolist() == [False, True, False]
    assert (again["a"], again["c"]) == (True, False)


def test_an_address_that_is_not_signed_is_asked_for_again(hq: HistoQL, feature_set: dict) -> None:
    exports = iter(range(100))

    def ask() -> dict:
        export = hq.query(EXPORT, input={"featureSet": feature_set["id"]})["exportFeatures"]
        return export if next(exports) > 0 else {**export, "url": f"{export['url']}x"}

    assert len(read_stream(ask, timeout=20, pause=0)) == feature_set["vectors"]
