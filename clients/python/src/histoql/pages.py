"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .errors import HistoQLError

__all__ = ["flat", "rows_of", "walk"]

_FIX = "Select `pageInfo { hasNextPage endCursor }`, declare `$after: String` and pass it as `after: $after`."
_INNER_FIX = "Select `pageInfo { hasNextPage }` in it and ask for more with `first`, or make a frame of that list alone."


def _listed(value: Any) -> list[Any] | None:
    """What a connection lists, and nothing of anything else: a clinical attribute may be called "nodes" too."""
    if not isinstance(value, Mapping):
        return None
    for name in ("nodes", "edges"):
        if isinstance(value.get(name), list):
            return value[name]
    return None


def _find(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where the outermost connections of an answer are."""
    if not isinstance(value, Mapping):
        return []
    if _listed(value) is not None:
        return [path]
    return [found for key, inner in value.items() for found in _find(inner, (*path, key))]


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _connection(data: Mapping[str, Any], path: str | None) -> Mapping[str, Any]:
    places = [tuple(path.split("."))] if path else _find(data)
    if len(places) != 1:
        named = ", ".join(".".join(place) for place in places) or "none"
        raise HistoQLError(
            "BAD_ARGUMENT",
            f"The answer has {len(places)} lists of pages, not one: {named}.",
            fix='Name the one that is meant with `path`, such as path="study.patients".',
        )
    connection = _at(data, places[0])
    if connection is None:
        raise HistoQLError(
            "NOT_FOUND", f"There is nothing at {'.'.join(places[0])}.", fix="Look at its keys and ids.", data=data
        )
    if _listed(connection) is None:
        raise HistoQLError("BAD_ARGUMENT", f"{'.'.join(places[0])} is no list of pages.", fix=_FIX)
    return connection


def walk(ask: Callable[..., dict[str, Any]], document: str, path: str | None, variables: dict[str, Any]) -> Iterator[Any]:
    """The nodes of all pages, one page asked for at a time.

    Raises:
        HistoQLError: ``BAD_ARGUMENT`` where the list would be cut: the document does not ask whether there are more.
    """
    after = variables.pop("after", None)
    while True:
        data = ask(document, **variables, **({"after": after} if after is not None else {}))
        connection = _connection(data, path)
        info = connection.get("pageInfo")
        if not isinstance(info, Mapping) or "hasNextPage" not in info:
            raise HistoQLError("BAD_ARGUMENT", "The document does not ask whether there are more pages.", fix=_FIX)
        nodes = connection.get("nodes")
        yield from nodes if nodes is not None else (edge["node"] for edge in connection["edges"])
        if not info["hasNextPage"]:
            return
        following = info.get("endCursor")
        if following is None or following == after or "$after" not in document:
            raise HistoQLError("BAD_ARGUMENT", "There are more pages, which the document cannot ask for.", fix=_FIX)
        after = following


def flat(node: Any, prefix: str = "") -> dict[str, Any]:
    """A node as one row: what is inside of an object gets its name before its own, with a dot between."""
    if not isinstance(node, Mapping):
        return {prefix or "value": node}
    row: dict[str, Any] = {}
    for key, value in node.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping):
            row.update(flat(value, name))
        else:
            row[name] = value
    return row


def _refuse_cut(value: Any, place: tuple[str, ...]) -> None:
    """Raises for a list inside of a node that has more than what is here, or does not tell."""
    if isinstance(value, list):
        for each in value:
            _refuse_cut(each, place)
    if not isinstance(value, Mapping):
        return
    listed = _listed(value)
    if listed is not None:
        info, total = value.get("pageInfo"), value.get("totalCount")
        has_more = info.get("hasNextPage") if isinstance(info, Mapping) else None
        if has_more is None and total is not None:
            has_more = len(listed) < total
        if has_more is not False:
            tells = "has more than one page" if has_more else "does not tell whether it has more pages"
            raise HistoQLError("BAD_ARGUMENT", f"The list `{'.'.join(place)}` inside of a row {tells}.", fix=_INNER_FIX)
    for key, inner in value.items():
        _refuse_cut(inner, (*place, key))


def rows_of(nodes: Iterable[Any]) -> list[dict[str, Any]]:
    """Nodes as the rows of a table.

    Raises:
        HistoQLError: ``BAD_ARGUMENT`` where a list inside of a node is cut, or does not tell whether it is.
    """
    rows = []
    for node in nodes:
        _refuse_cut(node, ())
        rows.append(flat(node))
    columns = {column for row in rows for column in row}
    # An object that is null in some rows has its columns from the others, and needs none that is always empty.
    objects = {column[:end] for column in columns for end, letter in enumerate(column) if letter == "."} & columns
    for column in objects:
        if all(row.get(column) is None for row in rows):
            for row in rows:
                row.pop(column, None)
    return rows
