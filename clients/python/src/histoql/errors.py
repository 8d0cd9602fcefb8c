"""What goes wrong, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["HistoQLError", "JobFailedError", "raise_for_errors", "raise_for_refusals"]


class HistoQLError(Exception):
    """A refusal or a failure.

    Attributes:
        code: stable and made for programs, such as ``NOT_FOUND``; ``UNREACHABLE`` where no server answers.
        message: one sentence for a person.
        fix: what to do about it, where that is known.
        path: where: in the input that was refused, or the field of the query.
        errors: everything that was wrong; the first one is told by the attributes above.
        data: what was answered in spite of it.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fix: str | None = None,
        path: Sequence[str | int] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        data: Any = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.fix = fix
        self.path = list(path) if path is not None else None
        self.errors = list(errors)
        self.data = data

    def __str__(self) -> str:
        where = f" (at {'.'.join(map(str, self.path))})" if self.path else ""
        more = f" And {len(self.errors) - 1} more." if len(self.errors) > 1 else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{self.code}: {self.message}{where}{fix}{more}"


class JobFailedError(HistoQLError):
    """A job ended without having done everything; ``job`` is how it ended, with its first failures."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        failures = job["failures"]["nodes"]
        first = failures[0] if failures else {}
        message = first.get("message") or f"The job ended as {job['state']}."
        fix = first.get("fix") or ("retryJob does again what is left." if job["state"] == "CANCELLED" else None)
        super().__init__(first.get("code", job["state"]), message, fix=fix, errors=failures)
        self.job = job

    def __reduce__(self) -> tuple[Any, ...]:
        # Between processes, such as joblib's, exceptions are pickled, and made again from what they were made of.
        return type(self), (self.job,)


def raise_for_errors(answer: Mapping[str, Any]) -> None:
    """Raises for the ``errors`` beside ``data``."""
    errors = answer.get("errors")
    if not errors:
        return
    first = errors[0]
    extensions = first.get("extensions") or {}
    raise HistoQLError(
        extensions.get("code", "INTERNAL_SERVER_ERROR"),
        first.get("message", "The server tells no reason."),
        fix=extensions.get("fix"),
        path=extensions.get("inputPath") or first.get("path"),
        errors=errors,
        data=answer.get("data"),
    )


def raise_for_refusals(data: Mapping[str, Any]) -> None:
    """Raises for the ``errors`` of a mutation's own payload, where the document asks for them."""
    for payload in data.values():
        refusals = payload.get("errors") if isinstance(payload, Mapping) else None
        if not isinstance(refusals, Sequence) or isinstance(refusals, str) or not refusals:
            continue
        first = refusals[0]
        raise HistoQLError(
            first.get("code", "BAD_ARGUMENT"),
            first.get("message", "The server refused it."),
            fix=first.get("fix"),
            path=first.get("path"),
            errors=refusals,
            data=data,
        )
