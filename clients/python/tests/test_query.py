"""Queries, pages, errors."""

from __future__ import annotations

import numpy as np
import pytest

from histoql import HistoQL, HistoQLError
from histoql.pages import rows_of
from histoql.values import plain

PATIENTS = """query($after: String, $first: Int = 5) {
  patients(filter: { studyKey: "synthetic" }, first: $first, after: $after) {
    totalCount
    nodes { key clinical survival(endpoint: "os") { timeDays event } slides(first: 1) { totalCount } }
    pageInfo { hasNextPage endCursor }
  }
}"""


def test_a_query_is_one_line(hq: HistoQL) -> None:
    assert hq.query("{ viewer { name } }") == {"viewer": {"name": "local"}}


def test_the_address_may_be_the_endpoint(url: str) -> None:
    with HistoQL(f"{url}/graphql/") as client:
        assert client.query("{ viewer { name } }")["viewer"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_is_every_page_of_it(hq: HistoQL, library: str) -> None:
    total = hq.query(PATIENTS)["patients"]["totalCount"]
    frame = hq.frame(PATIENTS, library=library)
    assert total > 10
    assert frame.shape[0] == total
    assert {"key", "clinical.age_years", "survival.timeDays", "slides.totalCount"} <= set(frame.columns)
    assert len(set(frame["key"])) == total
    if library == "pandas":
        assert frame["clinical.age_years"].between(10, 100).all()


def test_a_table_begins_where_it_is_told_to(hq: HistoQL) -> None:
    first = hq.query(PATIENTS, first=3)["patients"]
    rest = hq.frame(PATIENTS, after=first["pageInfo"]["endCursor"])
    assert len(rest) == first["totalCount"] - 3


def test_one_of_several_lists_is_named(hq: HistoQL) -> None:
    document = """query($after: String) { study(key: "synthetic") {
      patients(first: 7, after: $after) { nodes { key } pageInfo { hasNextPage endCursor } }
      slides(first: 2) { nodes { key } }
    } }"""
    with pytest.raises(HistoQLError, match=r"2 lists of pages.*study.patients, study.slides"):
        hq.frame(document)
    assert len(hq.frame(document, "study.patients")) > 10


@pytest.mark.parametrize(
    "document",
    [
        '{ patients(filter: { studyKey: "synthetic" }, first: 3) { nodes { key } } }',
        '{ patients(filter: { studyKey: "synthetic" }, first: 3) { nodes { key } pageInfo { hasNextPage endCursor } } }',
    ],
)
def test_a_list_is_never_cut_silently(hq: HistoQL, document: str) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.frame(document)
    assert caught.value.code == "BAD_ARGUMENT"
    assert "after: $after" in caught.value.fix


def test_errors_tell_code_fix_and_place(hq: HistoQL) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.query('{ s: study(key: "synthetic") { slides(first: 5000) { totalCount } } }')
    error = caught.value
    assert (error.code, error.path, error.data) == ("BAD_ARGUMENT", ["first"], {"s": None})
    assert "endCursor" in error.fix
    assert "BAD_ARGUMENT" in str(error) and error.fix in str(error)


def test_refusals_of_mutations_are_errors_too(hq: HistoQL) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.query(
            'mutation { createStudy(input: {key: "not a key", name: "x"}) { study { key } errors { code message fix path } } }'
        )
    assert caught.value.path == ["key"]


def test_mistakes_in_a_document_are_told(hq: HistoQL) -> None:
    with pytest.raises(HistoQLError) as caught:
        hq.query("{ helo }")
    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_nobody_there_and_somebody_else_there() -> None:
    with HistoQL("http://127.0.0.1:9") as client, pytest.raises(HistoQLError) as caught:
        client.query("{ viewer { name } }")
    assert caught.value.code == "UNREACHABLE"
    assert "npm run demo" in caught.value.fix


def test_what_answers_is_not_the_graph(url: str) -> None:
    with HistoQL(f"{url}/health") as client, pytest.raises(HistoQLError) as caught:
        client.query("{ viewer { name } }")
    assert caught.value.code in ("UNREACHABLE", "NOT_FOUND")


def test_numbers_that_json_cannot_hold_are_refused(hq: HistoQL) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        hq.query("query($n: Int) { viewer { name } }", n=float("nan"))


def test_numpy_values_are_variables(hq: HistoQL) -> None:
    nodes = hq.query(PATIENTS, first=np.int64(4))["patients"]["nodes"]
    assert len(nodes) == 4


def test_columns_and_arrays_are_variables(hq: HistoQL) -> None:
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    document = "query($filter: PatientFilter!) { patients(filter: $filter) { nodes { key } } }"
    keys = ["SYN-0002", "SYN-0003"]
    for given in (pandas.Series(keys), pandas.Index(keys), pandas.Series(keys).unique(), polars.Series(keys)):
        nodes = hq.query(document, filter={"studyKey": "synthetic", "keys": given})["patients"]["nodes"]
        assert [node["key"] for node in nodes] == keys
    # Cuts are a list of numbers; an array of them is no vector.
    groups = hq.query(
        """query($input: SurvivalInput!) { survival(input: $input) { groups { name } } }""",
        input={
            "studyKey": "synthetic",
            "endpoint": "os",
            "groupBy": {"attribute": {"key": "age_years", "cuts": np.array([45.0, 60.0])}},
        },
    )["survival"]["groups"]
    assert len(groups) == 3
    assert plain(np.array(["2020-01-02"], "datetime64[s]")) == ["2020-01-02T00:00:00"]


INNER = """query($after: String) { patients(filter: { studyKey: "synthetic" }, first: 5, after: $after) {
  nodes { key slides(first: 1) { %s } } pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.parametrize("selection", ["nodes { key } pageInfo { hasNextPage }", "edges { cursor } totalCount"])
def test_a_list_inside_of_a_row_may_be_whole(hq: HistoQL, selection: str) -> None:
    assert len(hq.frame(INNER % selection)) > 10


def test_a_list_inside_of_a_row_is_never_cut_silently(hq: HistoQL) -> None:
    with pytest.raises(HistoQLError, match="`slides` inside of a row does not tell") as caught:
        hq.frame(INNER % "nodes { key }")
    assert "pageInfo" in caught.value.fix
    with pytest.raises(HistoQLError, match="`study.patients` inside of a row has more than one page"):
        hq.frame("""query($after: String) { slides(filter: { studyKey: "synthetic" }, after: $after) {
          nodes { study { patients(first: 2) { nodes { key } pageInfo { hasNextPage } } } } pageInfo { hasNextPage endCursor }
        } }""")


def test_rows_have_the_same_columns_whatever_is_missing() -> None:
    nodes = [{"key": "a", "survival": {"days": 3}}, {"key": "b", "survival": None}, {"key": "c", "image": None}]
    assert rows_of(nodes) == [{"key": "a", "survival.days": 3}, {"key": "b"}, {"key": "c", "image": None}]
    # Lymph nodes are a number, no list of pages.
    assert rows_of([{"clinical": {"nodes": 4}}]) == [{"clinical.nodes": 4}]


def test_a_client_that_was_closed_may_be_used_again(url: str) -> None:
    with HistoQL(url) as client:
        client.query("{ viewer { name } }")
    assert client.query("{ viewer { name } }")["viewer"]
    client.close()
