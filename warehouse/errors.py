"""Errors meant for the person at the keyboard: what happened and what to do about it."""

from __future__ import annotations


class HubError(Exception):
    """A problem the user can mend.

    Args:
        message: what happened, in which file, record or service; never a secret.
        fix: the next step, as a sentence or a command.
    """

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  Fix: {self.fix}" if self.fix else self.message
