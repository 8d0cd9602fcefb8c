"""Vectors in bulk: an Arrow stream, whole or resumed, into one matrix."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from .errors import HistoQLError
from .http import untrusted

if TYPE_CHECKING:
    import pandas
    import polars

__all__ = ["Embeddings", "read_stream"]

EXPORT = """mutation($input: ExportFeaturesInput!) {
  exportFeatures(input: $input) { url rows slidesLeftOut errors { code message fix path } }
}"""

_VECTOR = "vector"
_METADATA = b"histoql"
# Streams that end early without a single new row, one after the other, before it is given up.
_TRIES = 5
# Where a server that is busy does not say when to come again.
_BUSY_SECONDS = 5.0


@dataclass(frozen=True)
class Embeddings:
    """Vectors with everything that belongs to them, row by row.

    Attributes:
        table: every column, ``vector`` included, as a FixedSizeList that shares its memory with ``vectors``.
        vectors: the matrix ``[rows, dims]``, float32 or float16 as it was asked for.
        slides_left_out: slides that pass the filter but whose vectors are not all there yet.
    """

    table: pa.Table
    vectors: np.ndarray
    slides_left_out: int = field(default=0)

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Where the vectors come from: study, feature set, lineage, filter."""
        return json.loads((self.table.schema.metadata or {}).get(_METADATA, b"{}"))

    def frame(self) -> pandas.DataFrame:
        """Everything but the vectors, one row a vector, in the order of ``vectors``."""
        return self.table.drop_columns([_VECTOR]).to_pandas()

    def polars(self) -> polars.DataFrame:
        """Everything but the vectors, as a polars DataFrame."""
        import polars

        return polars.DataFrame(polars.from_arrow(self.table.drop_columns([_VECTOR])))


def _changed() -> HistoQLError:
    return HistoQLError("CONFLICT", "The feature set has changed while it was read.", fix="Ask for it again.")


class _Matrix:
    """Rows that arrive in batches, put into place once."""

    def __init__(self, schema: pa.Schema, rows: int) -> None:
        self.schema = schema
        self.type = schema.field(_VECTOR).type
        self.dims = self.type.list_size
        self.vectors = np.empty((rows, self.dims), self.type.value_type.to_pandas_dtype())
        self.batches: list[pa.RecordBatch] = []
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        end = self.rows + batch.num_rows
        if end > len(self.vectors):
            raise _changed()
        vectors = batch.column(_VECTOR)
        flat = vectors.values.slice(vectors.offset * self.dims, batch.num_rows * self.dims)
        self.vectors[self.rows : end] = flat.to_numpy(zero_copy_only=True).reshape(-1, self.dims)
        self.batches.append(batch.select([name for name in batch.schema.names if name != _VECTOR]))
        self.rows = end

    def last_patch(self) -> str | None:
        if self.rows == 0 or "patch" not in self.schema.names:
            return None
        return self.batches[-1].column("patch")[-1].as_py()

    def table(self) -> pa.Table:
        values = pa.Array.from_buffers(
            self.type.value_type, self.vectors.size, [None, pa.py_buffer(self.vectors)]
        )
        vectors = pa.FixedSizeListArray.from_arrays(values, type=self.type)
        schema = self.schema.remove(self.schema.get_field_index(_VECTOR))
        columns = pa.Table.from_batches(self.batches, schema).unify_dictionaries()
        table = columns.append_column(self.schema.field(_VECTOR), vectors)
        return table.replace_schema_metadata(self.schema.metadata)


def _refusal(error: urllib.error.HTTPError) -> HistoQLError:
    try:
        told = json.loads(error.read())
        return HistoQLError(told["code"], told["message"], fix=told.get("fix"))
    except (ValueError, KeyError, TypeError):
        return HistoQLError("UNREACHABLE", f"The export answers with HTTP {error.code}.", fix="Ask for it again.")


def _wait_seconds(error: urllib.error.HTTPError) -> float:
    """How long a server that is busy asks to wait."""
    try:
        return float(error.headers["retry-after"])
    except (TypeError, ValueError):
        return _BUSY_SECONDS


def _behind(url: str, after: str | None) -> str:
    return url if after is None else f"{url}&after={urllib.parse.quote(after, safe='')}"


def _receive(
    url: str, matrix: _Matrix | None, rows: int, timeout: float, tls: ssl.SSLContext | None
) -> _Matrix:
    """Reads what comes; what has come by the time a stream breaks off stays in the matrix.

    Raises:
        HistoQLError: ``CONFLICT`` where the rows that are left are not as many as are missing.
    """
    # http.client reads straight into the memory that Arrow hands it, where httpx joins pieces.
    address = _behind(url, matrix.last_patch() if matrix else None)
    with urllib.request.urlopen(address, timeout=timeout, context=tls) as response:
        with pa.ipc.open_stream(pa.PythonFile(response, mode="r")) as reader:
            left = json.loads((reader.schema.metadata or {}).get(_METADATA, b"{}")).get("rows")
            if left != rows - (matrix.rows if matrix else 0):
                raise _changed()
            if matrix is None:
                matrix = _Matrix(reader.schema, rows)
            try:
                for batch in reader:
                    matrix.add(batch)
            except (OSError, pa.ArrowInvalid, http.client.HTTPException):
                pass
    return matrix


def read_stream(
    ask: Callable[[], Mapping[str, Any]],
    *,
    timeout: float,
    pause: float = 1.0,
    tls: ssl.SSLContext | None = None,
) -> Embeddings:
    """Everything that an export announces, however often its stream breaks off.

    Args:
        ask: asks for the export, again where its address has expired.
        timeout: seconds to wait for the next bytes, and for a server that sends as many streams already as it can.
        pause: seconds before a stream that broke off is asked for again.
        tls: whom to trust; Python's own authorities when left out, which are others than httpx's, or none at all.

    Raises:
        HistoQLError: ``STREAM_CUT`` where the stream breaks off again and again without a new row; ``LIMIT_EXCEEDED`` where the
            server stays busy; ``CONFLICT`` where the rows are other ones than when they were asked for.
    """
    export = ask()
    rows = export["rows"]
    matrix: _Matrix | None = None
    failures = 0
    busy_until: float | None = None
    while failures < _TRIES:
        before = matrix.rows if matrix else 0
        try:
            matrix = _receive(export["url"], matrix, rows, timeout, tls)
            busy_until = None
        except urllib.error.HTTPError as error:
            if error.code == 503:
                now = time.monotonic()
                busy_until = now + timeout if busy_until is None else busy_until
                wait = min(_wait_seconds(error), busy_until - now)
                if wait <= 0:
                    raise _refusal(error) from None
                time.sleep(wait)
                continue
            if error.code not in (403, 410):
                raise _refusal(error) from None
            export = ask()
            if export["rows"] != rows:
                raise _changed() from None
        except (OSError, pa.ArrowInvalid, http.client.HTTPException) as error:
            if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                raise untrusted(urllib.parse.urlsplit(export["url"]).netloc) from error
        if matrix is not None and matrix.rows == rows:
            return Embeddings(matrix.table(), matrix.vectors, export.get("slidesLeftOut") or 0)
        # Rows that have no id, those of slides and patients, cannot be gone on behind.
        if matrix is not None and matrix.last_patch() is None:
            matrix = None
        failures = 0 if matrix is not None and matrix.rows > before else failures + 1
        time.sleep(pause)
    got = matrix.rows if matrix else 0
    raise HistoQLError(
        "STREAM_CUT",
        f"The stream broke off {_TRIES} times; {got} of {rows} rows have come.",
        fix="Look whether the server runs and whether a proxy limits the time of an answer, then ask again.",
    )
