"""What libraries print while a run goes on belongs into a file, not among the lines shown."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import pytest

from orchestration.runner import _details_to


def test_what_libraries_say_goes_into_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log = tmp_path / "runs.log"
    with _details_to(log):
        print("printed")
        print("complained", file=sys.stderr)
        logging.warning("logged")
        logging.captureWarnings(capture=True)
        warnings.warn("warned", stacklevel=1)
        logging.captureWarnings(capture=False)
    assert logging.getLogger().handlers == []
    assert capfd.readouterr() == ("", "")
    logged = log.read_text()
    assert all(word in logged for word in ("printed", "complained", "logged", "warned"))
