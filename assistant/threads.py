"""A blocking iterator, run in a thread, for those who wait asynchronously."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

Item = TypeVar("Item")


async def iterate(start: Callable[[threading.Event], Iterator[Item]]) -> AsyncGenerator[Item, None]:
    """The items of ``start(cancel)``, which runs in a thread; ``cancel`` is set once nobody waits for more."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[tuple[Item | None, BaseException | None, bool]] = asyncio.Queue()
    cancel = threading.Event()

    def hand_over(item: Item | None, error: BaseException | None, *, last: bool) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
            loop.call_soon_threadsafe(arrived.put_nowait, (item, error, last))

    def run() -> None:
        try:
            for item in start(cancel):
                hand_over(item, None, last=False)
        except BaseException as error:  # noqa: BLE001 - it is raised where the items are waited for
            hand_over(None, error, last=True)
        else:
            hand_over(None, None, last=True)

    running = loop.run_in_executor(None, run)
    try:
        while True:
            item, error, last = await arrived.get()
            if error is not None:
                raise error
            if last:
                await running
                return
            yield cast("Item", item)  # nothing comes only with an error or at the end
    finally:
        cancel.set()
