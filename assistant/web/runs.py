"""Questions that are being answered: each in a thread of its own, watched by the open pages that show it.

A question is answered to its end also where its page is loaded anew or shows something else; its reader finds it again. Once no page is left that
asked for it, a chat model is asked no further. Not here: answering (``assistant``), keeping (``keeping``), what it looks like (``render``).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from assistant.types import Answer, AnswerEvent
    from assistant.web.talk import Talk

AT_ONCE: Final = 4
"""So many questions are answered at a time; the others wait for a place."""
UNDER_WAY: Final = 32
"""So many are taken in all, those that wait among them."""
ALONE_SECONDS: Final = 5.0
"""So long a question goes on without a page: one that is loaded anew is away for a moment."""
LOG = logging.getLogger(__name__)

Ask = Callable[[threading.Event], "Iterator[AnswerEvent]"]
"""Answers the question as it goes; once the event is set, without asking further."""
Finish = Callable[["Answer[Any] | None", str], "tuple[Talk, str]"]
"""Makes of the answer, or of what went wrong, the conversation with it, kept; and what its reader has to be told of that."""


@dataclass(slots=True, kw_only=True)
class Run:
    """A question under way: the last one of ``talk``, which has its answer once this has ``ended``.

    ``words`` and ``step`` are what came so far, ``notice`` is what its reader has to be told besides. ``pages`` are the sessions that asked for it.
    """

    reader: str
    conversation: str
    talk: Talk
    words: str = ""
    step: str = "search"
    notice: str = ""
    ended: bool = False
    told: int = 0
    pages: set[str] = field(default_factory=set)
    cancel: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False
    finishing: threading.Lock = field(default_factory=threading.Lock)


class Runs:
    """The questions of every reader that are being answered. Thread-safe."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Run] = {}
        self._watched: dict[str, Run] = {}
        self._watchers = Counter[str]()
        self._changed = threading.Condition()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, talk: Talk, *, reader: str, session: str, ask: Ask, finish: Finish, unexpected: str) -> Run | None:
        """Answer the last question of ``talk`` for the page ``session``; ``unexpected`` is what is told of an error that is not ours.

        None, and nothing is done, while ``UNDER_WAY`` questions are being answered.
        """
        run = Run(reader=reader, conversation=talk.id, talk=talk, pages={session})
        with self._changed:
            if len(self._all) >= UNDER_WAY:
                return None
            self._all[reader, talk.id] = run
            self._watched[session] = run
        # A daemon: whoever ends the server does not want to wait for a chat model.
        work = threading.Thread(target=self._carry_out, args=(run, ask, finish, unexpected), name="ask", daemon=True)
        work.start()
        return run

    def of(self, conversation: str, *, reader: str) -> Run | None:
        """The question of this reader's ``conversation`` that is being answered."""
        with self._changed:
            return self._all.get((reader, conversation))

    def shown_to(self, session: str) -> bool:
        """Whether the page ``session`` shows a question that is being answered."""
        with self._changed:
            run = self._watched.get(session)
            return run is not None and not run.ended

    def watch(self, run: Run, *, session: str) -> Generator[None, None, None]:
        """Give a turn whenever something of ``run`` changed, and for the last time once it has ended; none more once the page shows something else."""
        seen, ended = -1, False
        with self._changed:
            run.pages.add(session)
            self._watched[session] = run
            self._watchers[session] += 1
        try:
            while not ended:
                with self._changed:
                    while run.told == seen and self._watched.get(session) is run:
                        self._changed.wait()
                    if self._watched.get(session) is not run:
                        return
                    seen, ended = run.told, run.ended
                yield
        finally:
            with self._changed:
                self._watchers -= Counter([session])
                if self._watched.get(session) is run:
                    del self._watched[session]
                self._changed.notify_all()

    def stop(self, session: str) -> None:
        """Ask no further for what the page ``session`` shows: what there is already becomes the answer."""
        with self._changed:
            run = self._watched.get(session)
        if run:
            run.cancel.set()

    def turn_away(self, session: str) -> None:
        """The page ``session`` shows something else from now on; what it watched goes on. Returns once nothing more of that comes."""
        with self._changed:
            if self._watched.pop(session, None):
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._watchers[session], timeout=1)

    def leave(self, session: str) -> None:
        """The page ``session`` is closed. What no other page asked for either is asked no further, unless one comes within a moment."""
        with self._changed:
            self._watched.pop(session, None)
            left = [run for run in self._all.values() if session in run.pages]
            for run in left:
                run.pages.discard(session)
            self._changed.notify_all()
        for run in left:
            timer = threading.Timer(ALONE_SECONDS, self._end_if_alone, [run])
            timer.daemon = True
            timer.start()

    def drop(self, conversation: str, *, reader: str) -> None:
        """Forget the question of a conversation that is being answered: its answer is not kept."""
        run = self.of(conversation, reader=reader)
        if run:
            run.cancel.set()
            with run.finishing:  # either it is kept by now, and can be removed, or it never is
                run.dropped = True

    def _end_if_alone(self, run: Run) -> None:
        with self._changed:
            alone = not run.pages
        if alone:
            run.cancel.set()

    def _carry_out(self, run: Run, ask: Ask, finish: Finish, unexpected: str) -> None:
        answer, failure = None, ""
        try:
            with self._places:
                for event in ask(run.cancel):
                    answer = event.answer or answer
                    with self._changed:
                        if event.kind == "text":
                            run.words += event.text
                        elif event.kind == "step":
                            run.step = event.text
                        self._tell(run)
        except FundstelleError as error:
            answer, failure = None, str(error)
        except BaseException:  # the edge of a thread: the reader is told, the log has the details
            LOG.exception("A question could not be answered")
            answer, failure = None, unexpected
        try:
            with run.finishing:
                if not run.dropped:
                    run.talk, run.notice = finish(answer, failure)
        except BaseException:  # as above
            LOG.exception("An answer could not be kept")
            run.notice = unexpected
        finally:
            with self._changed:
                run.ended = True
                del self._all[run.reader, run.conversation]
                self._tell(run)

    def _tell(self, run: Run) -> None:
        run.told += 1
        self._changed.notify_all()
