"""SQL that no chart and no analyst may send, whoever is signed in.

PostgreSQL's own grants are the real boundary; this stops what could look past them
(functions that run SQL given as text, read files, open connections) before it is sent.
"""

import re
from typing import Any

DENIED_FUNCTIONS = frozenset(
    {
        # run SQL that is handed over as text, past every row filter
        "query_to_xml",
        "query_to_xmlschema",
        "query_to_xml_and_xmlschema",
        "table_to_xml",
        "table_to_xmlschema",
        "table_to_xml_and_xmlschema",
        "schema_to_xml",
        "schema_to_xmlschema",
        "schema_to_xml_and_xmlschema",
        "database_to_xml",
        "database_to_xmlschema",
        "database_to_xml_and_xmlschema",
        "cursor_to_xml",
        "cursor_to_xmlschema",
        "ts_stat",
        "ts_rewrite",
        "crosstab",
        "connectby",
        # open other connections
        "dblink",
        "dblink_connect",
        "dblink_connect_u",
        "dblink_exec",
        "dblink_open",
        "dblink_fetch",
        "dblink_send_query",
        "dblink_get_result",
        "postgres_fdw_get_connections",
        # large objects
        "lo_import",
        "lo_export",
        "lo_create",
        "lo_creat",
        "lo_open",
        "lo_get",
        "lo_put",
        "lo_from_bytea",
        "lo_unlink",
        "loread",
        "lowrite",
        # the server's files
        "pg_read_file",
        "pg_read_binary_file",
        "pg_ls_dir",
        "pg_ls_logdir",
        "pg_ls_waldir",
        "pg_ls_tmpdir",
        "pg_stat_file",
        "pg_file_write",
        "pg_file_read",
        "pg_logdir_ls",
        # the server itself
        "pg_sleep",
        "pg_sleep_for",
        "pg_sleep_until",
        "pg_terminate_backend",
        "pg_cancel_backend",
        "pg_reload_conf",
        "pg_rotate_logfile",
        "pg_advisory_lock",
        "pg_advisory_lock_shared",
        "pg_advisory_xact_lock",
        "pg_advisory_xact_lock_shared",
        "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared",
        "pg_try_advisory_xact_lock",
        "pg_try_advisory_xact_lock_shared",
        "pg_logical_emit_message",
        "pg_notify",
        "set_config",
        "current_setting",
        "pg_show_all_settings",
        "inet_server_addr",
        "inet_server_port",
        "inet_client_addr",
        "inet_client_port",
    }
)

# Refused only where they are called: columns may bear these names.
DENIED_CALLS = frozenset({"version"})

# All that reading takes. SET and COMMIT would end the read-only transaction, and any role of
# PostgreSQL may change its own password and settings then.
ALLOWED_STATEMENTS = frozenset({"select", "with", "values", "table", "explain"})

# A word boundary on both sides also finds quoted and schema-qualified names.
_BY_NAME = re.compile(
    r"\b(" + "|".join(sorted(DENIED_FUNCTIONS, key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_CALL = re.compile(rf"\b({'|'.join(sorted(DENIED_CALLS))})\"?\s*\(", re.IGNORECASE)
_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(\w*)", re.DOTALL)
_ESCAPED_IDENTIFIER = re.compile(r"\bU&\s*[\"']", re.IGNORECASE)


def denied_name(sql: str) -> str | None:
    """Return the first denied function that the SQL names, or None."""
    found = _BY_NAME.search(sql) or _CALL.search(sql)
    if found:
        return found.group(1).lower()
    return "U&" if _ESCAPED_IDENTIFIER.search(sql) else None


def denied_statement(sql: str) -> str | None:
    """Return the word with which a statement begins that does not read, or None."""
    found = _FIRST_WORD.match(sql)
    word = found.group(1).lower() if found else ""
    return None if word in ALLOWED_STATEMENTS else word or "something else than a word"


def refuse_dangerous_sql(sql: str, **_: Any) -> str:
    """Return the SQL unchanged, or refuse it; Superset calls this for every statement."""
    name = denied_name(sql)
    if name:
        raise _refusal(
            f"This query uses {name}, which is not allowed here. Leave it out; the marts hold "
            "what dashboards need."
        )
    word = denied_statement(sql)
    if word:
        raise _refusal(
            f"This statement begins with {word}, which is not allowed here. Write a query that "
            "begins with select or with."
        )
    return sql


def _refusal(message: str) -> Exception:
    """Return Superset's own exception, which the web answers with 403 and not with a fault."""
    try:
        from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
        from superset.exceptions import SupersetSecurityException
    except ImportError:  # outside Superset, as in the tests of this room
        return PermissionError(message)
    refusal: Exception = SupersetSecurityException(
        SupersetError(
            message=message,
            error_type=SupersetErrorType.QUERY_SECURITY_ACCESS_ERROR,
            level=ErrorLevel.ERROR,
        )
    )
    return refusal
