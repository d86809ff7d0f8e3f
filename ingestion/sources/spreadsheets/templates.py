"""The templates an owner can fill in, and their documentation, both written from the kinds.

``python -m ingestion.sources.spreadsheets.templates`` writes them anew; a test compares.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ingestion.sources.spreadsheets.kinds import KINDS, Kind
from warehouse.home import PROJECT_ROOT

FOLDER = Path(__file__).parent / "templates"
INTRODUCTION = (
    "Put a file with these column names into `inbox/<kind>/`, or name your own columns in "
    "`inbox/<kind>/mapping.toml` (`hub map FILE` proposes one)."
)
DOCUMENT = PROJECT_ROOT / "docs" / "templates.md"


def template_csv(kind: Kind) -> str:
    """A header line and one example row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([role.name for role in kind.roles])
    writer.writerow([role.example for role in kind.roles])
    return out.getvalue()


def templates_document() -> str:
    """One table per kind: column, type, whether it is required, meaning."""
    parts = ["# Spreadsheet templates", "",
             INTRODUCTION, ""]  # fmt: skip
    for kind in KINDS.values():
        parts += [
            f"## {kind.name}",
            "",
            kind.description,
            "",
            "| column | type | required | meaning | example |",
            "|---|---|---|---|---|",
        ]
        for role in kind.roles:
            required = "yes" if role.is_required else ""
            cells = (f"`{role.name}`", role.type, required, role.description, role.example)
            parts.append(f"| {' | '.join(cells)} |")
        for names in kind.one_of:
            parts += ["", f"At least one of: {', '.join(f'`{name}`' for name in names)}."]
        parts.append("")
    return "\n".join(parts)


def write_templates() -> None:
    """Write every template and the document."""
    for kind in KINDS.values():
        (FOLDER / f"{kind.name}.csv").write_text(template_csv(kind), encoding="utf-8")
    DOCUMENT.write_text(templates_document(), encoding="utf-8")


if __name__ == "__main__":
    write_templates()
