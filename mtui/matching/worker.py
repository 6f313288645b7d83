"""A process that pairs one tilt series after the other: ``python -m mtui.matching.worker``.

Requests arrive on stdin and answers leave on stdout, pickled. When stdin closes it ends at once, whatever
it is doing; so it never outlives the process that started it.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from queue import SimpleQueue
from typing import BinaryIO

from mtui.errors import MtuiError
from mtui.matching.series import pair_series


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request, the arguments of `pair_series`, with its result or its error; never returns."""
    waiting: SimpleQueue[tuple[object, ...]] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    while True:
        pickle.dump(_answer(waiting.get()), answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _receive(requests: BinaryIO, waiting: SimpleQueue[tuple[object, ...]]) -> None:
    while True:
        try:
            waiting.put(pickle.load(requests))
        except EOFError:
            os._exit(0)


def _answer(request: tuple[object, ...]) -> object:
    try:
        return pair_series(*request)  # type: ignore[arg-type]
    except MtuiError as error:
        return error


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
