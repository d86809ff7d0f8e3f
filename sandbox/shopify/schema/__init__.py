"""The official schema, read once per process; nothing here knows a document."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_named_type,
)

VERSION = "2026-10"
_FILTER_ROW = re.compile(r"^\| ([a-z][\w.{}]*) \| (\w+) \|", re.MULTILINE)


@cache
def _published() -> dict[str, Any]:
    packed = files(__package__).joinpath(f"admin_{VERSION}.json.gz").read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(packed))
    return content


@cache
def schema() -> GraphQLSchema:
    """The whole Admin schema; building it takes about half a second, once."""
    return build_client_schema(_published()["data"], assume_valid=True)


@cache
def _access() -> dict[str, tuple[frozenset[str], str]]:
    """Scopes of which one is needed, and Shopify's wording, by type name or ``Type.field``."""
    found = {}
    for item in _published()["offline_scopes"]["items"]:
        if scopes := frozenset(item["offlineScopes"]):
            name = item["typeName"]
            key = name if item["type"] == "type" else f"{name}.{item['fieldName']}"
            found[key] = scopes, item["requiredAccess"].partition(" Also:")[0]
    return found


@cache
def all_scopes() -> frozenset[str]:
    """Every scope that reading anything may need, the one for old orders among them."""
    return frozenset({"read_all_orders"}).union(*(scopes for scopes, _ in _access().values()))


@lru_cache(maxsize=64)
def denied_access(scopes: frozenset[str]) -> dict[str, str]:
    """Types and fields that a token with these scopes may not read, with what they require."""
    held = scopes | {scope.replace("write_", "read_") for scope in scopes}
    return {key: wording for key, (needed, wording) in _access().items() if not needed & held}


@lru_cache(maxsize=256)
def search_fields(parent_type: str, field_name: str) -> dict[str, str]:
    """Filters a connection's ``query`` argument takes, with their kinds, as the schema documents.

    Args:
        parent_type: Name of the type that has the connection.
        field_name: Name of the connection field.
    """
    parent = schema().type_map.get(parent_type)
    field: GraphQLField | None = getattr(parent, "fields", {}).get(field_name)
    argument = field.args.get("query") if field else None
    rows = _FILTER_ROW.findall((argument.description or "") if argument else "")
    return {name: kind for name, kind in rows if kind != "type"}


def node_type(connection: GraphQLNamedType) -> GraphQLNamedType:
    """Type of the nodes of a connection type."""
    if not isinstance(connection, GraphQLObjectType):
        raise TypeError(f"{connection.name} is not a connection")
    named: GraphQLNamedType = get_named_type(connection.fields["nodes"].type)
    return named


def is_connection(named: GraphQLNamedType) -> bool:
    """Whether a type is a connection with edges, nodes and page information."""
    return (
        isinstance(named, GraphQLObjectType)
        and named.name.endswith("Connection")
        and "pageInfo" in named.fields
    )
