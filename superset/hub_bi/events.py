"""Which events Superset writes down: what people do, not how long each chart took."""

from typing import Any

from superset.utils.log import DBEventLogger

# One chart writes four to six of these, in as much time as it takes to answer from the cache. The
# query log has the statements.
MEASUREMENTS = frozenset(
    {
        "ChartDataRestApi.data",
        "ChartDataRestApi.get_data",
        "ChartDataRestApi.json_dumps",
        "QueryObject.post_processing",
        "_get_data_response",
        "execute_sql",
        "load_into_dataframe",
    }
)


class HumanEventLogger(DBEventLogger):  # type: ignore[misc]
    """Superset's own log without the measurements of single charts."""

    def log(self, user_id: int | None, action: str, *args: Any, **kwargs: Any) -> None:
        """Write an event down, if it is one."""
        if action not in MEASUREMENTS:
            super().log(user_id, action, *args, **kwargs)
