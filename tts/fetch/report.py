"""What is there, what is missing and what to put where, as text for people and as values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tts.fetch.needs import Need
from tts.fetch.sources import EVERYTHING, HUB_URL, Wanted

_MIB = 1 << 20
_MAX_USERS = 4


def as_text(needs: Sequence[Need], problems: Iterable[str]) -> str:
    """Return a line for each thing that is needed, those that are missing last."""
    lines = []
    for need in sorted(needs, key=lambda need: (not need.is_there, not need.is_required)):
        lines.append(f"{_state(need):<10}{need.title}{_for_whom(need)}")
        lines.append(f"{'':10}{need.place}")
        if need.lacking and need.lacking != ("",):
            lines.append(f"{'':10}lacks {', '.join(need.lacking)}")
        if need.remark:
            lines.append(f"{'':10}note: {need.remark}")
    lines += [f"{'problem':<10}{problem}" for problem in problems]
    return "\n".join(lines)


def _state(need: Need) -> str:
    if need.is_there:
        return "there"
    return "MISSING" if need.is_required else "optional"


def _for_whom(need: Need) -> str:
    names = ", ".join(need.users[:_MAX_USERS]) + (", ..." if len(need.users) > _MAX_USERS else "")
    return f" (for {names})" if names and names != need.title else ""


def by_hand(needs: Iterable[Need]) -> str:
    """Return what to put where on a machine without a network."""
    lines: list[str] = []
    for need in needs:
        if need.is_there:
            continue
        if not need.wanted:
            lines += [
                f"put      {need.title}, which no public source is known for",
                f"to       {need.place}",
                "",
            ]
        for item in need.wanted:
            lines += [*_instruction(item), ""]
    return "\n".join(lines).rstrip()


def _instruction(item: Wanted) -> list[str]:
    what = "get all of" if EVERYTHING in item.name else "get"
    lines = [f"{what:<9}{item.url}" if len(what) < 9 else f"{what} {item.url}"]
    if item.is_archive:
        lines.append(f"unpack   so that the files of its folder lie in {item.target}")
    else:
        lines.append(f"to       {item.target}")
    facts = []
    if item.num_bytes is not None:
        facts.append(f"{item.num_bytes:,} bytes")
    facts.append(
        f"sha256 {item.sha256}" if item.sha256 else "no checksum known; its page shows the hub's own"
    )
    return [*lines, f"         {', '.join(facts)}"]


def size_text(needs: Iterable[Need]) -> str:
    """Return how much is to be fetched, as far as it is known, as a phrase."""
    items = [item for need in needs if not need.is_there for item in need.wanted]
    known = sum(item.num_bytes or 0 for item in items)
    unknown = sum(item.num_bytes is None for item in items)
    more = f" and {unknown} of unknown size" if unknown else ""
    return f"{known / _MIB:,.0f} MiB{more}"


def as_dict(needs: Iterable[Need], problems: Iterable[str]) -> dict[str, Any]:
    """Return everything as values that JSON can hold."""
    return {
        "hub": HUB_URL,
        "needs": [
            {
                "title": need.title,
                "place": str(need.place),
                "is_there": need.is_there,
                "is_required": need.is_required,
                "lacking": list(need.lacking),
                "users": list(need.users),
                "remark": need.remark,
                "sources": [_source(item) for item in need.wanted],
            }
            for need in needs
        ],
        "problems": list(problems),
    }


def _source(item: Wanted) -> dict[str, Any]:
    target: Path = item.target
    return {
        "url": item.url,
        "target": str(target),
        "num_bytes": item.num_bytes,
        "sha256": item.sha256,
        "is_archive": item.is_archive,
    }
