"""A signed-in user of the running Superset, by real HTTP; knows nothing of what is allowed."""

from __future__ import annotations

import json
import re
from typing import Any

import requests

TIMEOUT_SECONDS = 90


class SupersetSession:
    """One user's session, with the token that Superset wants for every change."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self.http = requests.Session()
        page = self.http.get(f"{url}/login/", timeout=TIMEOUT_SECONDS).text
        found = re.search(
            r'csrf_token&#34;: &#34;([^&]+)&#34;|name="csrf_token"[^>]*value="([^"]+)"', page
        )
        form = {"username": username, "password": password}
        if found:
            form["csrf_token"] = found.group(1) or found.group(2)
        self.http.post(f"{url}/login/", data=form, timeout=TIMEOUT_SECONDS)
        assert self.get("/api/v1/me/").ok, f"{username} could not sign in"
        token = self.get("/api/v1/security/csrf_token/").json()["result"]
        self.http.headers.update({"X-CSRFToken": token, "Referer": url})

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self.http.get(f"{self.url}{path}", timeout=TIMEOUT_SECONDS, **parameters)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.http.post(f"{self.url}{path}", json=body, timeout=TIMEOUT_SECONDS)

    def list(self, kind: str) -> dict[str, int]:
        """Id by title (dashboards: slug) of what this user finds of a kind."""
        name = {"dashboard": "slug", "chart": "slice_name", "dataset": "table_name"}[kind]
        query = "(page_size:500)"
        found = self.get(f"/api/v1/{kind}/?q={query}").json()["result"]
        return {item[name]: item["id"] for item in found}

    def ask(self, dataset: int, *, result_format: str = "json", **query: Any) -> requests.Response:
        """Answer of ``/api/v1/chart/data`` to one query of a dataset."""
        asked = {"columns": [], "metrics": [], "filters": [], "row_limit": 10_000} | query
        return self.post(
            "/api/v1/chart/data",
            {
                "datasource": {"id": dataset, "type": "table"},
                "queries": [asked],
                "result_format": result_format,
                "result_type": "full",
            },
        )

    def sql(self, database: int, statement: str) -> requests.Response:
        """Answer of SQL Lab."""
        return self.post(
            "/api/v1/sqllab/execute/",
            {"database_id": database, "sql": statement, "schema": "marts", "runAsync": False},
        )


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    """The rows of a chart's answer."""
    assert answer.ok, answer.text[:500]
    found: list[dict[str, Any]] = answer.json()["result"][0]["data"]
    return found


def saved_query(chart: dict[str, Any]) -> dict[str, Any]:
    """The query context that a chart was saved with."""
    context: dict[str, Any] = json.loads(chart["query_context"])
    return context
