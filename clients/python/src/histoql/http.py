"""One way to the server: JSON by POST, events by a POST whose answer goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from .errors import HistoQLError
from .values import plain

__all__ = ["Endpoint", "StreamCutError"]


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


@contextmanager
def _reachable(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise HistoQLError("TIMEOUT", "The server did not answer in time.", fix="Pass a longer `timeout`.") from error
    except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise HistoQLError(
            "UNREACHABLE",
            f"No server answers at {url}.",
            fix="Start one with `npm run demo` or `npm run serve`, or pass its address.",
        ) from error


class Endpoint:
    """A HistoQL server's address with a token and a connection pool."""

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        self.url = url.rstrip("/").removesuffix("/graphql")
        # Sent with questions alone: a signed address needs none, and may lead to another host.
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self.http = httpx.Client(timeout=timeout)

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
        self.http.close()
