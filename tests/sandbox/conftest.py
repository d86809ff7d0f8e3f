"""What the tests of the sandbox share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
import typing_extensions


@pytest.fixture(scope="module", autouse=True)
def _type_hints_are_found_once() -> Iterator[None]:
    """Square's client finds out the types of a class anew for each object that it reads."""
    with pytest.MonkeyPatch.context() as patched:
        found = lru_cache(maxsize=None)(typing_extensions.get_type_hints)
        patched.setattr(typing_extensions, "get_type_hints", found)
        yield
