"""Errors as Shopify words and shapes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An error that reaches the client in ``errors``.

    Args:
        message: What Shopify would say.
        code: Value of ``extensions.code``.
        path: Response path of the field.
        location: Line and column in the document.
        extensions: Further members of ``extensions``.
        is_partial: Whether the field alone becomes null, as with denied access.
    """

    def __init__(
        self,
        message: str,
        code: str,
        *,
        path: Sequence[str | int] = (),
        location: tuple[int, int] | None = None,
        extensions: Mapping[str, Any] | None = None,
        is_partial: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = tuple(path)
        self.location = location
        self.extensions = dict(extensions or {})
        self.is_partial = is_partial

    def shaped(self) -> Json:
        """The error as a member of ``errors``."""
        shape: Json = {"message": self.message}
        if self.location:
            shape["locations"] = [{"line": self.location[0], "column": self.location[1]}]
        if self.path:
            shape["path"] = list(self.path)
        shape["extensions"] = {"code": self.code, **self.extensions}
        return shape


class AccessDeniedError(ApiError):
    """A field of a type whose scope the token lacks."""

    def __init__(
        self, field: str, access: str, path: Sequence[str], location: tuple[int, int]
    ) -> None:
        documentation = "https://shopify.dev/api/usage/access-scopes"
        super().__init__(
            f"Access denied for {field} field. Required access: {access}",
            "ACCESS_DENIED",
            path=path,
            location=location,
            extensions={"documentation": documentation, "requiredAccess": access},
            is_partial=True,
        )


class MissingFieldError(ApiError):
    """A document lacks a field that the schema says is never null: a fault of the sandbox."""

    def __init__(self, type_name: str, field: str, document_id: str) -> None:
        super().__init__(
            f"The sandbox's document {document_id} lacks {type_name}.{field}, which is never null.",
            "INTERNAL_SERVER_ERROR",
        )
