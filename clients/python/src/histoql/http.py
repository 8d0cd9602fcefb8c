"""One way to the server: JSON by POST, events by a POST whose answer goes on."""

from __future__ import annotations

import ipaddress
import json
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from .errors import HistoQLError
from .values import plain

__all__ = ["Endpoint", "StreamCutError", "untrusted"]


# Seconds in which a server tells of a job that has ended, however short the time to wait for it.
_LEAST_SILENCE = 1.0


class StreamCutError(HistoQLError):
    """A stream ended without its end mark."""


def _cut() -> StreamCutError:
    return StreamCutError(
        "STREAM_CUT",
        "The stream ended before it was complete.",
        fix="Look whether the server runs and whether a proxy limits the time of an answer, then ask again.",
    )


def _not_ours(response: httpx.Response) -> HistoQLError:
    return HistoQLError(
        "UNREACHABLE",
        f"What answers at this address is not HistoQL (HTTP {response.status_code}).",
        fix="Pass the address that `histoql serve` or `npm run demo` prints.",
    )


def _refusal(response: httpx.Response) -> HistoQLError:
    """What a route beside GraphQL says."""
    try:
        told = response.json()
        return HistoQLError(told["code"], told["message"], fix=told.get("fix"))
    except (ValueError, KeyError, TypeError):
        return _not_ours(response)


def _nobody(url: str) -> HistoQLError:
    return HistoQLError(
        "UNREACHABLE",
        f"No server answers at {url}.",
        fix="Start one with `npm run demo` or `npm run serve`, or pass its address.",
    )


def untrusted(url: str) -> HistoQLError:
    """What is told of a server whose certificate nobody here vouches for."""
    return HistoQLError(
        "UNREACHABLE",
        f"The certificate of {url} is not trusted.",
        fix="Where your institution signs its own, name its authority's file by SSL_CERT_FILE, before Python starts.",
    )


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise HistoQLError("TIMEOUT", "The server did not answer in time.", fix="Pass a longer `timeout`.") from error
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise untrusted(url) from error
        raise _nobody(url) from error
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise _nobody(url) from error


def _is_overheard(url: str) -> bool:
    """Whether others could read what is sent: it is not encrypted, and leaves this machine."""
    address = urlsplit(url)
    host = address.hostname or ""
    if address.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _headers(url: str, token: str | None) -> dict[str, str]:
    # A token that was read from a file has the file's last line end.
    token = (token or "").strip()
    if not token:
        return {}
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("A token is one word of letters, digits and signs.")
    if _is_overheard(url):
        warnings.warn(f"The token goes unencrypted to {urlsplit(url).hostname}: use https, or a tunnel.", stacklevel=4)
    return {"authorization": f"Bearer {token}"}


class Endpoint:
    """A HistoQL server's address with a token and a connection pool.

    Attributes:
        url: the address, without ``/graphql``.
        tls: whom to trust: certifi's authorities, or those of SSL_CERT_FILE.
    """

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        self.url = url.rstrip("/").removesuffix("/graphql")
        # Sent with questions alone: a signed address needs none, and may lead to another host.
        self._headers = _headers(self.url, token)
        self._timeout = timeout
        self.tls = httpx.create_ssl_context()
        self.http = self._open()

    def _open(self) -> httpx.Client:
        """A pool; it connects when it is used."""
        return httpx.Client(timeout=self._timeout, verify=self.tls)

    def ask(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer with ``data`` and ``errors``, as it came."""
        body = json.dumps({"query": document, "variables": plain(variables)}, allow_nan=False)
        with _reachable(self.url):
            response = self.http.post(
                f"{self.url}/graphql", content=body, headers={**self._headers, "content-type": "application/json"}
            )
        return self._answer(response)

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            raise _not_ours(response) from None
        if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
            raise _not_ours(response)
        return answer

    def follow(
        self, document: str, variables: Mapping[str, Any], deadline: float | None = None
    ) -> Iterator[dict[str, Any]]:
        """The events of a subscription, each as an answer.

        Args:
            document: the subscription.
            variables: its variables.
            deadline: when to end without an error, by ``time.monotonic``; noticed with the stream's next sign of life.

        Raises:
            StreamCutError: when the stream ends without having been completed.
        """
        body = json.dumps({"query": document, "variables": plain(variables)}, allow_nan=False)
        headers = {**self._headers, "content-type": "application/json", "accept": "text/event-stream"}
        silence = self._timeout if deadline is None else min(self._timeout, max(_LEAST_SILENCE, deadline - time.monotonic()))
        event = ""

        def is_late() -> bool:
            return deadline is not None and time.monotonic() >= deadline

        try:
            timeout = httpx.Timeout(self._timeout, read=silence)
            with self.http.stream(
                "POST", f"{self.url}/graphql/stream", content=body, headers=headers, timeout=timeout
            ) as response:
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    response.read()
                    yield self._answer(response)
                    return
                for line in response.iter_lines():
                    if line.startswith("event:"):
                        event = line[6:].strip()
                    elif line.startswith("data:") and event == "next":
                        yield json.loads(line[5:])
                    elif not line and event == "complete":
                        return
                    elif line.startswith(":") and is_late():
                        return
        except (httpx.TransportError, json.JSONDecodeError) as error:
            if is_late():
                return
            raise _cut() from error
        raise _cut()

    def fetch(self, url: str) -> bytes:
        """Bytes from a signed URL."""
        with _reachable(self.url):
            response = self.http.get(url)
        if response.status_code == 200:
            return response.content
        raise _refusal(response)

    def send(self, url: str, content: Any, length: int) -> None:
        """Bytes by PUT to a signed URL."""
        with _reachable(self.url):
            response = self.http.put(url, content=content, headers={"content-length": str(length)})
        if response.status_code == 204:
            return
        raise _refusal(response)

    def close(self) -> None:
        """Closes the connections. httpx takes no request after that, but a notebook's cell may be run again."""
        closed, self.http = self.http, self._open()
        closed.close()
