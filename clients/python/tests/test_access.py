"""Tokens and certificates."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest

from histoql import HistoQL, HistoQLError
from histoql.vectors import read_stream


@contextmanager
def answering(certificate: Path | None = None, stream: bytes = b"") -> Iterator[tuple[str, list[str | None]]]:
    """A server that answers every query with an export of itself, and that with `stream`; with the tokens that it was sent."""
    tokens: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            tokens.append(self.headers["authorization"])
            self.rfile.read(int(self.headers["content-length"]))
            export = {"url": f"{address}/stream?x=1", "rows": 1, "slidesLeftOut": 0}
            self.answer(json.dumps({"data": {"exportFeatures": export}}).encode())

        def do_GET(self) -> None:
            self.answer(stream)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # A client that trusts no one hangs up, of which this server need not tell.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"http{'s' if certificate else ''}://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address, tokens
    finally:
        server.shutdown()
        server.server_close()


def test_a_token_may_come_from_a_file() -> None:
    with answering() as (url, tokens), HistoQL(url, "abc.DEF-1\n") as client:
        client.query("{ viewer { name } }")
    assert tokens == ["Bearer abc.DEF-1"]


@pytest.mark.parametrize("token", ["two words", "two\nlines", "schlüssel"])
def test_what_is_no_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ValueError, match="one word") as caught:
        HistoQL("http://127.0.0.1:1", token)
    assert token not in str(caught.value)


def test_a_token_that_others_could_read_is_warned_of() -> None:
    for url in ("http://histoql.example.org:4000", "http://10.0.0.7:4000"):
        with pytest.warns(UserWarning, match="unencrypted") as told:
            HistoQL(url, "secret").close()
        assert told[0].filename == __file__
        assert "secret" not in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for url in ("https://histoql.example.org", "http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"):
            HistoQL(url, "secret").close()
        HistoQL("http://histoql.example.org").close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_queries_and_vectors_trust_the_same_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + (tmp_path / "key.pem").read_bytes())
    schema = pa.schema([("patch", pa.string()), ("vector", pa.list_(pa.float32(), 2))], metadata={"histoql": '{"rows": 1}'})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write(pa.record_batch([["a"], [[1.0, 2.0]]], schema=schema))
    with answering(both, sink.getvalue().to_pybytes()) as (url, _):
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        with HistoQL(url) as client, pytest.raises(HistoQLError, match="not trusted") as caught:
            client.embeddings("x")
        assert "SSL_CERT_FILE" in caught.value.fix
        with pytest.raises(HistoQLError, match="not trusted"):
            read_stream(lambda: {"url": f"{url}/?x=1", "rows": 1}, timeout=5, pause=0)
        # A Python whose own authorities are none, such as that of python.org for macOS, where httpx has certifi's.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr(ssl, "_create_default_https_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        with HistoQL(url) as client:
            assert client.embeddings("x").vectors.tolist() == [[1.0, 2.0]]
