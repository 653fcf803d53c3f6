"""Keys and values of prompt beginnings that many requests share: a persona's rules, identity and examples."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from llm.kv_rows import RowCache, num_bytes


class PrefixCache:
    """Least recently used caches within a byte budget, by (adapter, exact token ids).

    An entry is shared with the rows that start from it; rows never write to it.

    Args:
        max_bytes: memory for all entries; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self.num_hits = 0
        self.num_misses = 0
        self.num_bytes = 0
        self._max_bytes = max_bytes
        self._entries: OrderedDict[tuple[str | None, tuple[int, ...]], RowCache] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, adapter_key: str | None, ids: Sequence[int]) -> RowCache | None:
        """Returns the cache of exactly these ids under this adapter, or None."""
        key = (adapter_key, tuple(ids))
        row = self._entries.get(key)
        if row is None:
            self.num_misses += 1
            return None
        self.num_hits += 1
        self._entries.move_to_end(key)
        return row

    def put(self, adapter_key: str | None, ids: Sequence[int], row: RowCache) -> None:
        """Keeps a cache, and forgets those unused for longest as the budget demands."""
        key = (adapter_key, tuple(ids))
        size = num_bytes(row)
        if size > self._max_bytes or key in self._entries:
            return
        self._entries[key] = row
        self.num_bytes += size
        while self.num_bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self.num_bytes -= num_bytes(oldest)

    def status(self) -> dict[str, int]:
        """Returns the counters for monitoring."""
        return {
            "num_entries": len(self),
            "num_bytes": self.num_bytes,
            "num_hits": self.num_hits,
            "num_misses": self.num_misses,
        }
