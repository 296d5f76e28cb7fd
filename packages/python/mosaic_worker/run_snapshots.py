"""Snapshots that a run leaves on its way, so that the death of its worker costs minutes."""
from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping

from .chain import Chain
from .files import RunFiles
from .saving import save_state

#: Writing takes no more than one part in so many of a run's time.
_MOST_SHARE = 50
#: More epochs since the last snapshot are not kept in it: they are in the database by then.
_MOST_RECORDS = 10_000


class RunSnapshots:
    def __init__(self, order: Mapping[str, Any], chain: Chain, talk: Any, seconds: Callable[[], float]) -> None:
        self._order = order
        self._chain = chain
        self._talk = talk
        self._seconds = seconds
        self._records: List[Dict[str, Any]] = []
        self._recent: List[Dict[str, Any]] = []
        wanted = talk.snapshot_seconds
        self._every = float("inf") if wanted is None or order.get("filesFolder") is None else wanted
        talk.snapshot_at = time.perf_counter() + self._every

    def epoch(self, record: Dict[str, Any]) -> None:
        if len(self._recent) <= _MOST_RECORDS:
            self._recent.append(record)

    def take(self, loop: Any) -> None:
        begun = time.perf_counter()
        # What was said of the snapshot before may never have been heard.
        records = [*self._records, *self._recent]
        if len(records) > _MOST_RECORDS:
            records = []
        with RunFiles(self._order["filesFolder"], self._order) as files:
            save_state(files, self._order, self._chain, loop, self._seconds(), self._talk, records)
            with self._talk.working():
                artifacts = files.publish()
        self._talk.snapshot(loop.epoch, artifacts, self._order["training"]["epochs"])
        self._records, self._recent = self._recent, []
        now = time.perf_counter()
        self._talk.snapshot_at = now + max(self._every, _MOST_SHARE * (now - begun))
        self._talk.is_snapshot_due = False
