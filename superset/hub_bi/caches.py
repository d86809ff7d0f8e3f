"""Where query results are kept for a while, and how they are dropped after new data arrived.

Redis where there is one, else a private folder that all web workers share.
"""

import shutil
from datetime import timedelta
from typing import Any

from hub_bi import settings

PREFIX = "hub_bi"
RESULTS = "results"
PAGES = "pages"


def cache(name: str, lifetime: timedelta) -> dict[str, Any]:
    """Return Flask-Caching's settings for one cache."""
    common = {
        "CACHE_DEFAULT_TIMEOUT": int(lifetime.total_seconds()),
        "CACHE_KEY_PREFIX": f"{PREFIX}_{name}_",
    }
    redis_url = settings.redis_url()
    if redis_url:
        return common | {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_URL": redis_url}
    return common | {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(settings.cache_folder() / name),
        "CACHE_THRESHOLD": 2000,
        "CACHE_OPTIONS": {"mode": 0o600},
    }


def drop_cached_results() -> None:
    """Forget all query results, so that the dashboards show what was just loaded."""
    redis_url = settings.redis_url()
    if redis_url is None:
        for name in (RESULTS, PAGES):
            shutil.rmtree(settings.cache_folder() / name, ignore_errors=True)
            (settings.cache_folder() / name).mkdir(mode=0o700, exist_ok=True)
        return
    import redis

    store = redis.Redis.from_url(redis_url)
    for name in (RESULTS, PAGES):
        keys = list(store.scan_iter(match=f"{PREFIX}_{name}_*", count=1000))
        if keys:
            store.delete(*keys)
