"""Adding on the Library view: files, addresses, pasted text, samples, and visits to what is followed. Returns updates by the names of the page's parts.

Not here: carrying additions out (``additions``), what they look like (``additions_html``), reading and storing (``assistant``).
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from assistant.web import additions_html
from assistant.web.additions import Additions
from assistant.web.local import number_text
from assistant.web.render import status_html
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Updates, asked_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.qa import Assistant
    from assistant.web.additions import Addition, AdditionKind, Hearing, Work
    from assistant.web.visitor import Visitor
    from ingest.pipeline import IngestReport
    from ingest.planned import ItemResult

ADDRESSES: Final = 500
TEXT_CHARACTERS: Final = 2_000_000
BARE_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)+([:/?#]\S*)?")
"""What people type for an address when they leave out how it begins."""


class Adding:
    """The handlers that add. One of them serves every reader."""

    def __init__(self, assistant: Assistant, *, additions: Additions) -> None:
        self.assistant = assistant
        self.additions = additions
        self._uploads = Counter[Path]()
        self._counting = threading.Lock()

    def add_files(self, files: Sequence[str] | None, *, visitor: Visitor) -> Iterator[Updates]:
        """Add the files that were dropped."""
        paths = [Path(file) for file in files or ()]
        if not paths:
            return

        def work(hearing: Hearing) -> IngestReport:
            return self.assistant.add(paths, stop=hearing.stop, on_item=hearing.item, on_progress=hearing.progress)

        def drop_uploads() -> None:
            # The library keeps the original bytes; what was uploaded has no other use. The same file has the same path whoever drops it.
            with self._counting:
                self._uploads.subtract(paths)
                for path in paths:
                    if self._uploads[path] <= 0:
                        del self._uploads[path]
                        path.unlink(missing_ok=True)

        with self._counting:
            self._uploads.update(paths)
        addition = self.additions.begin("files", owner=visitor.reader, count=len(paths), work=work, afterwards=drop_uploads)
        # The place for files is free for the next ones at once.
        yield {"files": None}
        if addition:
            yield from self._followed(addition, visitor=visitor)
        else:
            drop_uploads()
            yield {"status": status_html(TEXTS[visitor.language]["additions_many"], language=visitor.language)}

    def add_as_told(self, action: Action, *, visitor: Visitor) -> Iterator[Updates]:
        """Add or visit what the script asks for, or show again how far what is under way has come (``watch``)."""
        begin = {
            "add-addresses": self._add_addresses,
            "add-text": self._add_text,
            "refuse-files": self._refuse_files,
            "add-samples": self._add_samples,
            "visit": self._visit,
            "visit-all": self._visit_all,
            "watch": self._running,
        }.get(asked_text(action, "do"))
        begun = begin(action, visitor) if begin else None
        if isinstance(begun, str):
            yield {"status": status_html(begun, language=visitor.language)}
        elif begun:
            yield from self._followed(begun, visitor=visitor)

    def stop(self, action: Action, *, visitor: Visitor) -> Updates:
        """End an addition of this reader."""
        self.additions.stop(asked_text(action, "addition"), owner=visitor.reader)
        return self._additions(visitor=visitor)

    def dismiss(self, action: Action, *, visitor: Visitor) -> Updates:
        """Take the results of an addition out of sight."""
        self.additions.dismiss(asked_text(action, "addition"), owner=visitor.reader)
        return self._additions(visitor=visitor)

    def _followed(self, addition: Addition, *, visitor: Visitor) -> Iterator[Updates]:
        for _ in self.additions.follow(addition):
            yield self._additions(visitor=visitor)

    def _additions(self, *, visitor: Visitor) -> Updates:
        own = self.additions.of(visitor.reader)
        return {"shelf_added": additions_html.additions_html(own, language=visitor.language)}

    def _begin(
        self, kind: AdditionKind, work: Work, *, visitor: Visitor, count: int = 1, refused: Sequence[ItemResult] = ()
    ) -> Addition | str:
        begun = self.additions.begin(kind, owner=visitor.reader, count=count, work=work, refused=refused)
        return begun or TEXTS[visitor.language]["additions_many"]

    def _add_addresses(self, action: Action, visitor: Visitor) -> Addition | str:
        from ingest.pipeline import IngestReport
        from ingest.planned import ItemResult, ReadOptions

        words = TEXTS[visitor.language]
        lines = list(dict.fromkeys(line.strip() for line in asked_text(action, "addresses").splitlines() if line.strip()))
        if not lines:
            return words["addresses_empty"]
        if len(lines) > ADDRESSES:
            told = {"count": len(lines), "most": ADDRESSES}
            return words["addresses_many"].format(
                **{key: number_text(number, language=visitor.language) for key, number in told.items()}
            )
        addresses = {line: address_of(line) for line in lines}
        wanted = [address for address in addresses.values() if address]
        refused = [ItemResult(line, "failed") for line, address in addresses.items() if not address]
        options = ReadOptions(feed=action.get("feed") is True)

        def work(hearing: Hearing) -> IngestReport:
            if not wanted:
                return IngestReport(())
            return self.assistant.add(
                wanted, options=options, stop=hearing.stop, on_item=hearing.item, on_progress=hearing.progress
            )

        return self._begin("addresses", work, visitor=visitor, count=len(lines), refused=refused)

    def _add_text(self, action: Action, visitor: Visitor) -> Addition | str:
        words, text = TEXTS[visitor.language], asked_text(action, "text")
        if not text.strip():
            return words["text_empty"]
        if len(text) > TEXT_CHARACTERS:
            told = {"count": len(text), "most": TEXT_CHARACTERS}
            return words["text_long"].format(
                **{key: number_text(number, language=visitor.language) for key, number in told.items()}
            )
        day, address = asked_text(action, "published").strip(), asked_text(action, "url").strip()
        try:
            published = date.fromisoformat(day) if day else None
        except ValueError:
            return words["text_date"].format(date=day)
        url = address_of(address) if address else None
        if address and not url:
            return words["text_address"].format(address=address)
        title, source = (asked_text(action, key).strip() for key in ("title", "source"))

        def work(hearing: Hearing) -> IngestReport:
            return self.assistant.add_text(
                text,
                title=title,
                source=source,
                url=url,
                published=published,
                stop=hearing.stop,
                on_item=hearing.item,
                on_progress=hearing.progress,
            )

        return self._begin("text", work, visitor=visitor)

    def _refuse_files(self, action: Action, visitor: Visitor) -> Addition | str | None:
        from ingest.pipeline import IngestReport
        from ingest.planned import ItemResult

        names = action.get("names")
        refused = (
            [ItemResult(name, "failed") for name in names if isinstance(name, str)][:ADDRESSES] if isinstance(names, list) else []
        )
        if not refused:
            return None
        return self._begin("files", lambda _: IngestReport(()), visitor=visitor, count=len(refused), refused=refused)

    def _add_samples(self, _: Action, visitor: Visitor) -> Addition | str:
        def work(hearing: Hearing) -> IngestReport:
            return self.assistant.add(samples=True, stop=hearing.stop, on_item=hearing.item, on_progress=hearing.progress)

        return self._begin("samples", work, visitor=visitor)

    def _visit(self, action: Action, visitor: Visitor) -> Addition | str | None:
        address = asked_text(action, "address")
        if address not in {source.address for source in self.assistant.sources()}:
            return None

        def work(hearing: Hearing) -> IngestReport:
            return self.assistant.refresh(
                addresses=[address], stop=hearing.stop, on_item=hearing.item, on_progress=hearing.progress
            )

        return self._begin("visit", work, visitor=visitor)

    def _visit_all(self, _: Action, visitor: Visitor) -> Addition | str:
        def work(hearing: Hearing) -> IngestReport:
            return self.assistant.refresh(
                every_source=True, stop=hearing.stop, on_item=hearing.item, on_progress=hearing.progress
            )

        return self._begin("visit", work, visitor=visitor, count=len(self.assistant.sources()))

    def _running(self, action: Action, visitor: Visitor) -> Addition | None:
        wanted = asked_text(action, "addition")
        return next((addition for addition in self.additions.of(visitor.reader) if addition.id == wanted), None)


def address_of(line: str) -> str | None:
    """The web address in a line, also where it lacks ``https://``; None if there is none. Never the path of a file on this machine."""
    address = f"https://{line}" if BARE_HOST.fullmatch(line) else line
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    fits = parts.scheme in {"http", "https"} and parts.hostname and not re.search(r"\s", address)
    return address if fits else None
