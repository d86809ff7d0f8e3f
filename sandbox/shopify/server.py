"""The HTTP face of a shop: the GraphQL endpoint and the files of bulk operations."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.serving import FastJSONResponse
from sandbox.shopify.execution import Execution, Shop
from sandbox.shopify.schema import VERSION

_QUARTER = re.compile(r"20\d\d-(01|04|07|10)$")
_UNAUTHORIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


def create_app(shop: Shop) -> Starlette:
    """The ASGI application of one shop.

    Args:
        shop: What it serves; its bulk operations are stopped when the server stops.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        shop.bulk.close()

    async def graphql(request: Request) -> Response:
        return await _graphql(shop, request)

    async def bulk_file(request: Request) -> Response:
        path = shop.bulk.file(int(request.path_params["number"]))
        if path is None:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404, media_type="text/xml")
        # Answers Range requests with 206, so that a broken download can be resumed.
        return FileResponse(path, media_type="application/jsonl")

    return Starlette(
        routes=[
            Route("/admin/api/{version}/graphql.json", graphql, methods=["POST"]),
            Route("/bulk/{number:int}.jsonl", bulk_file),
        ],
        lifespan=lifespan,
    )


async def _graphql(shop: Shop, request: Request) -> Response:
    headers = {"X-Request-Id": str(uuid.uuid4()), "X-Shopify-API-Version": VERSION}
    version = request.path_params["version"]
    if not _QUARTER.match(version) or version > VERSION:
        return JSONResponse({"errors": "Not Found"}, 404, headers)
    # An older version falls forward to the one that is served, and the header says so.
    scopes = shop.authorize(request.headers.get("X-Shopify-Access-Token", ""))
    if scopes is None:
        return JSONResponse({"errors": _UNAUTHORIZED}, 401, headers)
    body = _body(await request.body(), request.headers.get("Content-Type", ""))
    if body is None:
        errors = {"query": "Required parameter missing or invalid"}
        return JSONResponse({"errors": errors}, 400, headers)
    execution = Execution(shop, scopes, str(request.base_url).rstrip("/"))
    answer = await run_in_threadpool(
        execution.answer, body["query"], body.get("variables"), body.get("operationName")
    )
    return FastJSONResponse(answer, 200, headers)


def _body(raw: bytes, content_type: str) -> dict[str, Any] | None:
    try:
        text = raw.decode()
        body = {"query": text} if "application/graphql" in content_type else json.loads(text)
    except ValueError:
        return None
    is_valid = (
        isinstance(body, dict)
        and isinstance(body.get("query"), str)
        and isinstance(body.get("variables"), dict | None)
    )
    return body if is_valid else None
