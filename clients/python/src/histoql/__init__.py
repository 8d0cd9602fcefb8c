"""HistoQL from Python.

>>> from histoql import HistoQL
>>> hq = HistoQL("http://127.0.0.1:4000")
>>> patients = hq.frame('query($after: String) { patients(filter: {studyKey: "synthetic"}, first: 200, after: $after) {'
...                     ' nodes { key clinical } pageInfo { hasNextPage endCursor } } }')
"""

from .client import HistoQL
from .errors import HistoQLError, JobFailedError
from .hits import Hits
from .values import decode_vector
from .vectors import Embeddings

__all__ = ["Embeddings", "HistoQL", "HistoQLError", "Hits", "JobFailedError", "decode_vector"]
