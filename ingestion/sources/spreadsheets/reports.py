"""What a load did, per file, in figures and in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["loaded", "unchanged", "failed"]


@dataclass
class FileReport:
    """The outcome of one file; rows_read = new + updated + unchanged + quarantined + skipped."""

    kind: str
    file_name: str
    status: Status
    load_id: str = ""
    rows_read: int = 0
    rows_new: int = 0
    rows_updated: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    rows_skipped: int = 0
    message: str = ""
    fix: str = ""
    notes: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    def to_text(self) -> str:
        """One sentence (and its remarks) for a person."""
        name = f"{self.kind}/{self.file_name}"
        if self.status == "failed":
            return f"{name} was NOT loaded: {self.message}" + (
                f"\n  Fix: {self.fix}" if self.fix else ""
            )
        if self.status == "unchanged":
            return f"{name} is unchanged."
        text = (
            f"{name}: {self.rows_read:,} rows read, {self.rows_new:,} new, "
            f"{self.rows_updated:,} updated, {self.rows_unchanged:,} known already, "
            f"{self.rows_quarantined:,} in quarantine, {self.rows_skipped:,} skipped."
        )
        reasons = [f"  {count:,} x {reason}" for reason, count in self.reasons.items()]
        return "\n".join([text, *reasons, *(f"  {note}" for note in self.notes)])


@dataclass
class LoadReport:
    """The outcome of one run over an inbox."""

    files: list[FileReport] = field(default_factory=list)

    @property
    def has_failures(self) -> bool:
        """Whether any file failed; the command then ends with an exit code other than 0."""
        return any(file.status == "failed" for file in self.files)

    def to_text(self) -> str:
        """Sentences for a person, one block per file."""
        if not self.files:
            return "The inbox holds no files."
        return "\n".join(file.to_text() for file in self.files)
