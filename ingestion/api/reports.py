"""What a load of an API source did, in figures and in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.auth.credentials import TITLES, SourceSystem


@dataclass
class TableReport:
    """What a load did to one kind of documents."""

    name: str
    rows_read: int = 0
    rows_before: int = 0
    rows_after: int = 0
    rows_deleted: int = 0
    newest_change: str | None = None

    @property
    def rows_new(self) -> int:
        """Documents that were not there before."""
        return max(0, min(self.rows_read, self.rows_after - self.rows_before + self.rows_deleted))

    def to_text(self) -> str:
        """As one item of a sentence."""
        words = self.name.replace("_", " ")
        changed = self.rows_read - self.rows_new
        items = [f"{self.rows_new:,} {words}"] if self.rows_new else []
        if changed > 0:
            items.append(f"{changed:,} changed" + ("" if items else f" {words}"))
        if self.rows_deleted:
            items.append(f"{self.rows_deleted:,} deleted" + ("" if items else f" {words}"))
        return " + ".join(items)


@dataclass
class SourceReport:
    """What one load of a source did, in figures and sentences."""

    source: SourceSystem
    load_id: str
    load_number: int = 0
    tables: list[TableReport] = field(default_factory=list)
    unknown_fields: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_text(self) -> str:
        """Sentences for a person."""
        read = [table for table in self.tables if table.rows_read or table.rows_deleted]
        title = TITLES[self.source]
        if not read:
            lines = [f"{title}: nothing changed since the last load."]
        else:
            items = ", ".join(table.to_text() for table in read)
            lines = [f"{title}: {items} ({self.seconds:.1f} s)."]
        if self.left_out:
            names = ", ".join(name.replace("_", " ") for name in self.left_out)
            lines.append(f"  Left out, because the connection may not read them: {names}. To add "
                         f"them: hub connect {self.source}")  # fmt: skip
        if self.unknown_fields:
            names = ", ".join(f"{name} ({count:,} ×)"
                              for name, count in sorted(self.unknown_fields.items()))  # fmt: skip
            lines.append(f"  New fields, kept in _unknown_fields: {names}")
        if self.retries:
            lines.append(f"  {len(self.retries):,} requests were repeated; the last: "
                         f"{self.retries[-1]}")  # fmt: skip
        return "\n".join(lines)
