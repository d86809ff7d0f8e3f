"""Superset's configuration for the hub: everything that varies comes from the environment.

Decisions about looks live in `hub_bi.palette`, about denied SQL in `hub_bi.sql_guard`, about
log-in attempts and start pages in `hub_bi.web`, about who signs in to the warehouse as whom in
`hub_bi.logins`; this module only wires them together.
"""

import logging
import os
from datetime import timedelta

from hub_bi import palette, settings
from hub_bi.access import GUEST_ROLE
from hub_bi.caches import PAGES, RESULTS, cache
from hub_bi.events import HumanEventLogger
from hub_bi.logins import may_be_guest, sign_in_to_warehouse
from hub_bi.query_log import log_query
from hub_bi.security import RememberingSecurityManager
from hub_bi.sql_guard import DENIED_CALLS, refuse_dangerous_sql
from hub_bi.web import HOME_PATH, only_oneself, prepare_application

BUSINESS = settings.business()

# Storage and secrets
SECRET_KEY = settings.secret_key()
SQLALCHEMY_DATABASE_URI = settings.metadata_uri()
# Whether a connection is alive is asked by Superset itself.
SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 8, "max_overflow": 8}
DATA_DIR = str(settings.cache_folder())
PREVENT_UNSAFE_DB_CONNECTIONS = True
# The stored address has no password: who is not given a login here does not get in.
DB_CONNECTION_MUTATOR = sign_in_to_warehouse

# Caches: Redis where there is one, a private folder where there is none
REDIS_URL = settings.redis_url()
CELERY_CONFIG: type | None = None


CACHE_CONFIG = cache(PAGES, timedelta(hours=1))
DATA_CACHE_CONFIG = cache(RESULTS, timedelta(hours=6))
if REDIS_URL:
    FILTER_STATE_CACHE_CONFIG = cache("filters", timedelta(days=90))
    EXPLORE_FORM_DATA_CACHE_CONFIG = cache("explore", timedelta(days=7))
    RATELIMIT_STORAGE_URI = REDIS_URL

    class CeleryConfig:
        """Background work (reports, long queries) through Redis."""

        broker_url = REDIS_URL
        result_backend = REDIS_URL
        imports = ("superset.sql_lab", "superset.tasks.scheduler")
        worker_prefetch_multiplier = 1
        task_acks_late = True

    CELERY_CONFIG = CeleryConfig

# Who gets in, and how
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
ENABLE_PROXY_FIX = os.environ.get("HUB_BI_BEHIND_PROXY", "") == "1"
SESSION_COOKIE_SECURE = ENABLE_PROXY_FIX
PERMANENT_SESSION_LIFETIME = timedelta(days=7)
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "200 per second"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "5 per second"
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None
FLASK_APP_MUTATOR = prepare_application
EXTRA_RELATED_QUERY_FILTERS = {"user": only_oneself}

# Dashboards in the pages of other sites, if business.toml names any
EMBEDDING_ADDRESSES = settings.embedding_addresses()
GUEST_ROLE_NAME = GUEST_ROLE
GUEST_TOKEN_JWT_SECRET = settings.guest_token_secret()
GUEST_TOKEN_JWT_EXP_SECONDS = 300
GUEST_TOKEN_VALIDATOR_HOOK = may_be_guest

CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'", *EMBEDDING_ADDRESSES],
        "img-src": ["'self'", "blob:", "data:"],
        "object-src": "'none'",
        "script-src": ["'self'", "'strict-dynamic'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # The older header knows no addresses; frame-ancestors says the same where it is missing.
    "frame_options": None if EMBEDDING_ADDRESSES else "SAMEORIGIN",
    "force_https": False,
    "session_cookie_secure": ENABLE_PROXY_FIX,
}

CUSTOM_SECURITY_MANAGER = RememberingSecurityManager
EVENT_LOGGER = HumanEventLogger()

# What may be asked of the warehouse
DISALLOWED_SQL_FUNCTIONS = {"postgresql": set(DENIED_CALLS)}
SQL_QUERY_MUTATOR = refuse_dangerous_sql
QUERY_LOGGER = log_query
ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
SQLLAB_TIMEOUT = 30
SUPERSET_WEBSERVER_TIMEOUT = 60

# Looks
APP_NAME = palette.PRODUCT
APP_ICON = palette.logo("#1B2638", palette.BLUE)
LOGO_TARGET_PATH = HOME_PATH
LOGO_TOOLTIP = BUSINESS.name
LOGO_RIGHT_TEXT = BUSINESS.name
FAVICONS = [{"href": palette.favicon()}]
THEME_DEFAULT = palette.light_theme(HOME_PATH)
THEME_DARK = palette.dark_theme(HOME_PATH)
ENABLE_UI_THEME_ADMINISTRATION = False
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
EXTRA_CATEGORICAL_COLOR_SCHEMES = palette.categorical_schemes()
EXTRA_SEQUENTIAL_COLOR_SCHEMES = palette.sequential_schemes()
CURRENCIES = sorted({BUSINESS.currency, "USD", "EUR", "GBP", "CAD", "AUD"})
LANGUAGES: dict[str, dict[str, str]] = {}
MAPBOX_API_KEY = ""
DOCUMENTATION_URL = None
BUG_REPORT_URL = None

FEATURE_FLAGS = {
    "ALERT_REPORTS": bool(REDIS_URL),
    "CACHE_QUERY_BY_USER": True,
    "CHART_PLUGINS_EXPERIMENTAL": True,  # numbers beside those of an earlier period
    "CSS_TEMPLATES": False,
    "DASHBOARD_RBAC": True,
    "DRILL_BY": True,
    "EMBEDDABLE_CHARTS": False,
    "EMBEDDED_SUPERSET": bool(EMBEDDING_ADDRESSES),
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ESCAPE_MARKDOWN_HTML": True,
    "THUMBNAILS": False,
}

LOG_LEVEL = logging.WARNING
