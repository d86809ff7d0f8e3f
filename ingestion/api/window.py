"""Which documents of a stream one package takes, and how far the cursors may move with it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from ingestion.api.shapes import Json, contract_error
from ingestion.api.streams import Stream

# A package of a long first load ends after so many documents of a stream; what is loaded then
# stays loaded, whatever happens later.
MOST_DOCUMENTS = 100_000


class Window:
    """Documents of one package of a stream: each once, and how far the cursors may move."""

    def __init__(self, stream: Stream, source: str, recent: dict[str, str]) -> None:
        """``recent``: the last version by key of documents that the overlap may give again."""
        self._stream, self._source, self._recent = stream, source, recent
        self.waiting: list[Json] = []
        self.seen: dict[str, datetime] = {}
        self._versions: dict[str, str] = {}
        self._newest: dict[str, datetime] = {}
        self._missed: dict[str, datetime] = {}

    def take(self, part: str, page: list[Json]) -> None:
        """Add a page.

        A document that changed while the list was read comes twice. One package holds one version
        of it; the cursor stops before the other, so that the next package begins there.
        """
        stream = self._stream
        for one in page:
            key, moment = str(one.get(stream.table.key)), stream.changed(one)
            if moment is None:
                what = f"{stream.name}.{stream.changed_at} is missing or no time"
                raise contract_error(self._source, stream.request, what)
            version = self._version(one, moment)
            if self._recent.get(key) == version:
                continue
            if key not in self.seen:
                self.seen[key] = moment
                self._versions[key] = version
                self.waiting.append(one)
                self._newest[part] = max(moment, self._newest.get(part, moment))
            elif moment > self.seen[key]:
                self._missed[part] = min(moment, self._missed.get(part, moment))

    def _version(self, document: Json, moment: datetime) -> str:
        """Equal for a document that is as it was; its own time says so only where it moves."""
        stream = self._stream
        if stream.is_answer:
            return _digest({name: document[name] for name in document.keys() - {stream.changed_at}})
        if stream.tells_changes:
            return moment.isoformat()
        return f"{moment.isoformat()} {_digest(document)}"

    def handed_on(self) -> list[Json]:
        """What was taken since the last call."""
        waiting, self.waiting = self.waiting, []
        return waiting

    @property
    def is_full(self) -> bool:
        """Whether it is time to load what is there."""
        return len(self.seen) >= MOST_DOCUMENTS

    def has_moved(self, since: dict[str, datetime]) -> bool:
        """Whether the next window would begin later than this one."""
        overlap = self._stream.overlap
        return all(self._newest[part] - overlap > since[part]
                   for part in since if part in self._newest)  # fmt: skip

    def cursors(self, asked_at: dict[str, datetime]) -> dict[str, str]:
        """The newest change per part, or when it was asked; or the first not handed on."""
        return {part: min(moment, self._missed.get(part, moment)).isoformat()
                for part, moment in (self._newest | asked_at).items()}  # fmt: skip

    def recent(self, cursors: dict[str, str]) -> dict[str, str]:
        """The last version by key of what the next window's overlap may give again."""
        versions = self._recent | self._versions
        if self._stream.is_answer:
            return versions
        start = min(map(datetime.fromisoformat, cursors.values()), default=None)
        if start is None:
            return {}
        since = start - self._stream.overlap
        return {key: version for key, version in versions.items()
                if datetime.fromisoformat(version.partition(" ")[0]) >= since}  # fmt: skip


def _digest(document: Json) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
