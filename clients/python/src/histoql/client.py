"""The client."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, overload

from .errors import raise_for_errors, raise_for_refusals
from .hits import SEARCH, Hits, similar_to
from .http import Endpoint
from .jobs import wait
from .pages import rows_of, walk
from .vectors import EXPORT, Embeddings, read_stream

if TYPE_CHECKING:
    import anndata
    import numpy
    import pandas
    import polars

    from ._schema import PatchFilter, Precision

__all__ = ["HistoQL"]

_BLOCK = 1 << 20


class HistoQL:
    """A HistoQL server.

    Args:
        url: what the server prints when it starts.
        token: an access token, where the server asks for one. Read it from a file or a variable: a notebook is passed on.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, url: str = "http://127.0.0.1:4000", token: str | None = None, *, timeout: float = 60) -> None:
        self._endpoint = Endpoint(url, token, timeout)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"HistoQL({self._endpoint.url!r})"

    def __enter__(self) -> HistoQL:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes connections; the client opens new ones when it is used again."""
        self._endpoint.close()

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Runs a query or mutation. Variables may be arrays, tensors and columns of DataFrames.

        Returns:
            The answer's ``data``.

        Raises:
            HistoQLError: for anything that was refused or failed, also for what a mutation tells in its own ``errors``.
        """
        answer = self._endpoint.ask(document, variables)
        raise_for_errors(answer)
        raise_for_refusals(answer["data"])
        return answer["data"]

    def subscribe(self, document: str, **variables: Any) -> Iterator[dict[str, Any]]:
        """The ``data`` of each event of a subscription, until it is complete."""
        for answer in self._endpoint.follow(document, variables):
            raise_for_errors(answer)
            yield answer["data"]

    def nodes(self, document: str, path: str | None = None, **variables: Any) -> Iterator[Any]:
        """The nodes of all pages of a list, a page asked for at a time.

        The document declares ``$after: String``, passes it as ``after: $after`` and selects ``pageInfo { hasNextPage endCursor }``;
        one that would cut the list is refused.

        Args:
            document: the query.
            path: where the list is, such as ``"study.patients"``; needed only where the answer has several.
            **variables: the query's variables.
        """
        return walk(self.query, document, path, dict(variables))

    @overload
    def frame(
        self, document: str, path: str | None = None, *, library: Literal["pandas"] = "pandas", **variables: Any
    ) -> pandas.DataFrame: ...
    @overload
    def frame(
        self, document: str, path: str | None = None, *, library: Literal["polars"], **variables: Any
    ) -> polars.DataFrame: ...
    def frame(
        self, document: str, path: str | None = None, *, library: Literal["pandas", "polars"] = "pandas", **variables: Any
    ) -> pandas.DataFrame | polars.DataFrame:
        """All pages of a list as a DataFrame, one row a node; ``slide { key }`` becomes the column ``slide.key``.

        A list inside of a node stays a list. One that comes in pages must tell that there are no more; it is refused otherwise.
        Where there are no nodes there are no columns either.
        """
        rows = rows_of(self.nodes(document, path, **variables))
        if library == "polars":
            import polars

            return polars.DataFrame(rows, infer_schema_length=None)
        import pandas

        return pandas.DataFrame(rows)

    def embeddings(
        self,
        feature_set: str,
        *,
        filter: PatchFilter | None = None,
        columns: Sequence[str] | None = None,
        precision: Precision = "FLOAT32",
        codebook: str | None = None,
        score: str | None = None,
    ) -> Embeddings:
        """The vectors of a feature set as an Arrow table and one NumPy matrix.

        Args:
            feature_set: its global id.
            filter: only these patches.
            columns: keys of clinical attributes, a column each.
            precision: ``FLOAT16`` is how vectors are stored, and half as long.
            codebook: global id; adds the column ``phenotype``.
            score: global id of a model's score; adds the column ``attention``.
        """
        optional = {"filter": filter, "columns": columns, "codebook": codebook, "score": score}
        given = {name: value for name, value in optional.items() if value is not None}
        wanted = {"featureSet": feature_set, "precision": precision, **given}
        return read_stream(
            lambda: self.query(EXPORT, input=wanted)["exportFeatures"], timeout=self._timeout, tls=self._endpoint.tls
        )

    def anndata(self, feature_set: str, **options: Any) -> anndata.AnnData:
        """As ``embeddings``: ``X`` the vectors, ``obs`` everything else, ``obsm["spatial"]`` the places in level-0 pixels."""
        import anndata
        import pandas

        found = self.embeddings(feature_set, **options)
        obs = found.frame()
        if "patch" in obs:
            obs = obs.set_index("patch")
        else:
            obs.index = obs.index.astype(str)
        # Booleans of which some are missing are objects to pandas, which AnnData cannot write.
        for column in obs.columns[obs.dtypes == object]:
            if pandas.api.types.infer_dtype(obs[column], skipna=True) == "boolean":
                obs[column] = obs[column].astype("boolean")
        obsm = {"spatial": obs[["x", "y"]].to_numpy()} if {"x", "y"} <= set(obs.columns) else None
        return anndata.AnnData(X=found.vectors, obs=obs, obsm=obsm, uns={"histoql": found.metadata})

    def similar(
        self,
        to: str | Mapping[str, Any] | bytes | os.PathLike[str] | numpy.ndarray,
        feature_set: str,
        *,
        first: int = 10,
        filter: PatchFilter | None = None,
        microns_per_pixel: float | None = None,
        exclude_same_patient: bool = True,
        max_pixels: int = 224,
    ) -> Hits:
        """Patches that look like something, nearest first.

        Args:
            to: a patch's id or a hit; a vector ``[dims]``; a picture as pixels (uint8), a PIL image, the bytes of a PNG or
                JPEG, or the ``pathlib.Path`` of one.
            feature_set: global id of the feature set to search in.
            first: how many.
            filter: only among these patches.
            microns_per_pixel: a picture's resolution.
            exclude_same_patient: leave out the patches of the patient whose patch is asked about.
            max_pixels: edge of the pictures that ``imageUrl`` leads to.
        """
        wanted = {
            "featureSet": feature_set,
            "to": similar_to(to, microns_per_pixel),
            "first": first,
            "excludeSamePatient": exclude_same_patient,
            **({"filter": filter} if filter is not None else {}),
        }
        found = self.query(SEARCH, input=wanted, maxPixels=max_pixels)["similarPatches"]
        return Hits(found["hits"], found["search"])

    def wait(
        self, job: str | Mapping[str, Any], *, progress: bool = True, timeout: float | None = None, check: bool = True
    ) -> dict[str, Any]:
        """Waits until a job has ended, with a bar where tqdm is installed.

        Args:
            job: its id, a job with its ``id``, or the answer of a mutation with ``job { id }``.
            progress: show the bar.
            timeout: seconds after which not to wait any longer; the job goes on.
            check: raise unless everything was done.

        Returns:
            How it ended: state, progress, failures, result.

        Raises:
            JobFailedError: when it ended otherwise than ``SUCCEEDED``; its ``job`` lists what failed.
        """
        return wait(self, job, progress=progress, timeout=timeout, check=check)

    def fetch(self, url: str) -> bytes:
        """What a signed address of an answer leads to: a picture, a mask, a model."""
        return self._endpoint.fetch(url)

    def upload(self, file: str | os.PathLike[str] | bytes | IO[bytes], name: str | None = None) -> str:
        """Sends a file; the id that comes back names it in ``importClinical`` and other mutations.

        Args:
            file: a path, bytes, or a file that is open for reading bytes.
            name: its name, of which only the ending matters; that of the path when left out.
        """
        if isinstance(file, (str, os.PathLike)):
            with open(file, "rb") as opened:
                return self._upload(opened, name or Path(file).name)
        content = io.BytesIO(file) if isinstance(file, bytes) else file
        return self._upload(content, name or Path(str(getattr(content, "name", "upload.bin"))).name)

    def _upload(self, content: IO[bytes], name: str) -> str:
        digest = hashlib.sha256()
        start = content.tell()
        while block := content.read(_BLOCK):
            digest.update(block)
        length = content.tell() - start
        content.seek(start)
        made = self.query(
            "mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } errors { code message fix path } } }",
            input={"name": name, "bytes": length, "sha256": digest.hexdigest()},
        )["createUpload"]["upload"]
        self._endpoint.send(made["url"], iter(lambda: content.read(_BLOCK), b""), length)
        return made["id"]
