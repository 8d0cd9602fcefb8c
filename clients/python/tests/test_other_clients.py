"""Clients of others: `gql` for Python and curl."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess

import pytest

from histoql import HistoQL

FOLLOW = "subscription($id: ID!) { jobProgress(id: $id) { state progress { done total } } }"


@pytest.fixture
def job(hq: HistoQL, feature_set: dict) -> str:
    """A job that has just begun."""
    return hq.query(
        """mutation($featureSet: ID!, $seed: Int!) {
          buildCodebook(input: { featureSet: $featureSet, scope: STUDY, clusters: 4, seed: $seed }) { job { id } }
        }""",
        featureSet=feature_set["id"],
        seed=next(SEEDS),
    )["buildCodebook"]["job"]["id"]


SEEDS = iter(range(2000, 3000))


class TestGql:
    """https://gql.readthedocs.io"""

    def test_queries_over_httpx(self, url: str) -> None:
        gql = pytest.importorskip("gql")
        transport = pytest.importorskip("gql.transport.httpx").HTTPXTransport(url=f"{url}/graphql")
        client = gql.Client(transport=transport, fetch_schema_from_transport=True)
        with client as session:
            answer = session.execute(gql.gql('{ study(key: "synthetic") { patients { totalCount } } }'))
        assert answer["study"]["patients"]["totalCount"] > 10

    def test_errors_with_their_codes(self, url: str) -> None:
        gql = pytest.importorskip("gql")
        exceptions = pytest.importorskip("gql.transport.exceptions")
        transport = pytest.importorskip("gql.transport.httpx").HTTPXTransport(url=f"{url}/graphql")
        with gql.Client(transport=transport) as session, pytest.raises(exceptions.TransportQueryError) as caught:
            session.execute(gql.gql('{ study(key: "synthetic") { slides(first: 5000) { totalCount } } }'))
        assert caught.value.errors[0]["extensions"]["code"] == "BAD_ARGUMENT"

    def test_subscriptions_over_multipart_http(self, url: str, job: str) -> None:
        gql = pytest.importorskip("gql")
        aiohttp = pytest.importorskip("gql.transport.aiohttp")

        async def follow() -> list[str]:
            transport = aiohttp.AIOHTTPTransport(url=f"{url}/graphql")
            async with gql.Client(transport=transport, fetch_schema_from_transport=True) as session:
                request = gql.GraphQLRequest(FOLLOW, variable_values={"id": job})
                return [event["jobProgress"]["state"] async for event in session.subscribe(request)]

        states = asyncio.run(follow())
        assert states[-1] == "SUCCEEDED"
        assert set(states) <= {"QUEUED", "RUNNING", "SUCCEEDED"}

    def test_refused_subscriptions(self, url: str) -> None:
        gql = pytest.importorskip("gql")
        aiohttp = pytest.importorskip("gql.transport.aiohttp")
        exceptions = pytest.importorskip("gql.transport.exceptions")

        async def follow() -> None:
            async with gql.Client(transport=aiohttp.AIOHTTPTransport(url=f"{url}/graphql")) as session:
                request = gql.GraphQLRequest(FOLLOW, variable_values={"id": "nothing"})
                async for _ in session.subscribe(request):
                    pass

        with pytest.raises(exceptions.TransportQueryError) as caught:
            asyncio.run(follow())
        assert caught.value.errors[0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
class TestCurl:
    @staticmethod
    def curl(url: str, query: str, *options: str, **variables: str) -> str:
        body = json.dumps({"query": query, "variables": variables})
        command = ["curl", "-sS", url, "-H", "content-type: application/json", "-d", body, *options]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    def test_queries(self, url: str) -> None:
        answer = self.curl(f"{url}/graphql", "{ viewer { name } }")
        assert json.loads(answer) == {"data": {"viewer": {"name": "local"}}}

    def test_subscriptions(self, url: str, job: str) -> None:
        events = self.curl(f"{url}/graphql/stream", FOLLOW, "-N", id=job).split("\n\n")
        results = [event for event in events if event.startswith("event: next\n")]
        last = json.loads(results[-1].removeprefix("event: next\ndata: "))
        assert last["data"]["jobProgress"]["state"] == "SUCCEEDED"
        assert events[-2] == "event: complete\ndata:"

    def test_subscriptions_where_queries_are_asked(self, url: str, job: str) -> None:
        text = self.curl(f"{url}/graphql", FOLLOW, "-N", "-H", "accept: text/event-stream", id=job)
        assert text.endswith("event: complete\ndata:\n\n")
