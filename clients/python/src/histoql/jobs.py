"""Waiting for work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .errors import HistoQLError, JobFailedError, raise_for_errors
from .http import StreamCutError

if TYPE_CHECKING:
    from .client import HistoQL

__all__ = ["job_id", "wait"]

_FIELDS = """{
  id kind state attempts startedAt finishedAt
  progress { done total unit perSecond secondsLeft message }
  failures(first: 200) { totalCount nodes { code message fix slide { key } patient { key } } }
  result { __typename id }
}"""
_FOLLOW = f"subscription($id: ID!) {{ jobProgress(id: $id) {_FIELDS} }}"
_LOOK = f"query($id: ID!) {{ job(id: $id) {_FIELDS} }}"

_OPEN = ("QUEUED", "RUNNING")
_POLL_SECONDS = 1.0
# After so many streams that were cut off without an event the job is asked for instead.
_CUTS = 3
# How long a server that has told of the job may be away: it is started again, or the reader's machine slept.
_PATIENCE_SECONDS = 300.0


def job_id(job: Any) -> str:
    """The id of a job: itself, of a job, of a payload with one, or of an answer with one payload."""
    if isinstance(job, str):
        return job
    if isinstance(job, Mapping):
        if isinstance(job.get("id"), str):
            return job["id"]
        if isinstance(job.get("job"), Mapping):
            return job["job"]["id"]
        if len(job) == 1:
            return job_id(next(iter(job.values())))
    raise TypeError("Pass a job's id, a job with its id, or the answer of a mutation with `job { id }`.")


def _look(hq: HistoQL, job: str) -> dict[str, Any]:
    found = hq.query(_LOOK, id=job)["job"]
    if found is None:
        raise HistoQLError("NOT_FOUND", "There is no such job.", fix="`jobs` lists them.", path=["id"])
    return found


def _states(hq: HistoQL, job: str, deadline: float | None) -> Iterator[dict[str, Any]]:
    """How the job is, again and again until it has ended: as the server tells it, or asked for where no stream gets through."""
    cuts = 0
    heard = False
    while cuts < _CUTS:
        try:
            for answer in hq._endpoint.follow(_FOLLOW, {"id": job}, deadline):
                raise_for_errors(answer)
                cuts, heard = 0, True
                yield answer["data"]["jobProgress"]
            if deadline is not None and time.monotonic() >= deadline:
                return
            # Complete, though the job goes on: whoever stands between ended the stream in good order.
            break
        except StreamCutError:
            cuts += 1
            time.sleep(_POLL_SECONDS)
        except HistoQLError as error:
            if error.code not in ("LIMIT_EXCEEDED", "UNREACHABLE", "BAD_REQUEST"):
                raise
            break
    lost: float | None = None
    while True:
        try:
            state = _look(hq, job)
        except HistoQLError as error:
            now = time.monotonic()
            lost = now if lost is None else lost
            is_over = now - lost >= _PATIENCE_SECONDS or (deadline is not None and now >= deadline)
            if error.code not in ("UNREACHABLE", "TIMEOUT") or not heard or is_over:
                raise
        else:
            lost, heard = None, True
            yield state
        time.sleep(_POLL_SECONDS)


class _Bar:
    """A tqdm bar, or nothing where there is no tqdm."""

    def __init__(self, wanted: bool) -> None:
        self.bar: Any = None
        if not wanted:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        self.bar = tqdm(leave=True)

    def show(self, job: Mapping[str, Any]) -> None:
        if self.bar is None:
            return
        progress = job["progress"]
        self.bar.total = progress["total"]
        self.bar.unit = f" {progress['unit']}"
        self.bar.set_description(f"{job['kind']} {job['state']}", refresh=False)
        self.bar.set_postfix_str(progress["message"] or "", refresh=False)
        self.bar.n = progress["done"]
        self.bar.refresh()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def wait(hq: HistoQL, job: Any, *, progress: bool, timeout: float | None, check: bool) -> dict[str, Any]:
    deadline = None if timeout is None else time.monotonic() + timeout
    bar = _Bar(progress)
    try:
        for state in _states(hq, job_id(job), deadline):
            bar.show(state)
            if state["state"] not in _OPEN:
                if check and state["state"] != "SUCCEEDED":
                    raise JobFailedError(state)
                return state
            if deadline is not None and time.monotonic() > deadline:
                break
    finally:
        bar.close()
    raise HistoQLError(
        "TIMEOUT", f"The job has not ended within {timeout} seconds; it goes on.", fix="Wait for it again, or cancelJob."
    )
