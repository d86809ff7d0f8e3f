"""Faults as QuickBooks words them."""

from __future__ import annotations

from typing import Any


class QuickBooksError(Exception):
    """A refusal.

    Attributes:
        status: of HTTP.
        body: the ``Fault`` object.
        is_gateway: whether the gateway answers, before the request reaches QuickBooks.
    """

    def __init__(self, message: str, detail: str, code: str, *, status: int = 400,
                 kind: str = "ValidationFault", element: str | None = None) -> None:  # fmt: skip
        super().__init__(message)
        error = {"Message": message, "Detail": detail, "code": code}
        if element is not None:
            error["element"] = element
        self.status = status
        self.is_gateway = status in (401, 403, 429)
        self.body: dict[str, Any] = {"Error": [error], "type": kind}


def unparsed(detail: str) -> QuickBooksError:
    """A query that is no query."""
    return QuickBooksError("Error parsing query", f"QueryParserError: {detail}", "4000")


def invalid_query(detail: str) -> QuickBooksError:
    """A query about what is not there."""
    return QuickBooksError("Invalid query", f"QueryValidationError: {detail}", "4001")


def not_found(element: str) -> QuickBooksError:
    """No such object, or one that was deleted or made inactive."""
    return QuickBooksError(
        "Object Not Found",
        f"Object Not Found : Something you're trying to use has been made inactive. Check the "
        f"fields with accounts, customers, items, vendors or employees. ({element})",
        "610", element=element,
    )  # fmt: skip


UNAUTHORIZED = QuickBooksError(
    "message=AuthenticationFailed; errorCode=003200; statusCode=401",
    "Token expired or revoked", "3200", status=401, kind="AUTHENTICATION",
)  # fmt: skip
WRONG_COMPANY = QuickBooksError(
    "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
    "The token is not of this company", "3100", status=403, kind="SERVICE",
)  # fmt: skip
THROTTLED = QuickBooksError(
    "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "The request limit was reached.  Try again later", "3001", status=429, kind="SERVICE",
)  # fmt: skip


def gateway_body(fault: QuickBooksError, seconds: float) -> dict[str, Any]:
    """The JSON that the gateway answers with, whose names begin with small letters."""
    (error,) = fault.body["Error"]
    return {
        "warnings": None, "intuitObject": None,
        "fault": {
            "error": [{"message": error["Message"], "detail": error["Detail"],
                       "code": error["code"], "element": None}],
            "type": fault.body["type"],
        },
        "report": None, "queryResponse": None, "batchItemResponse": [], "attachableResponse": [],
        "syncErrorResponse": None, "requestId": None, "time": int(seconds * 1000), "status": None,
        "cdcresponse": [],
    }  # fmt: skip
