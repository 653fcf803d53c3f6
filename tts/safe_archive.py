"""Reading a stranger's torch file without running anything in it.

A torch file is a zip with one pickle and one entry per tensor storage. `torch.load(weights_only=True)` is
not enough: it also returns stride-0, meta and forged sparse tensors, inflates bombs, calls `bytearray(n)`.
So the bytes pass three walls: the zip's directory, the names the pickle mentions, and torch's own restricted
reader. The tensors are judged afterwards, by `tts/checkpoint.py`.
"""

import hashlib
import io
import pickle
import pickletools
import stat
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tts.versions import MARKS

MAX_FILE_BYTES = 2 << 30  # the largest published file (s2 of v3) has 0.77 GB
_MAX_ENTRIES = 5_000
_MAX_PICKLE_BYTES = 1 << 20  # the largest published one has about 0.2 MB
_MD5_BYTES = 8192
_REMEDY = "copy or download it again"

# All that upstream's savers write. Anything else is refused before torch sees it.
_ALLOWED_NAMES = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor_v2",
        "torch HalfStorage",
        "torch BFloat16Storage",
        "torch FloatStorage",
        "torch LongStorage",
        "utils HParams",
    }
)
_IMPORTING_OPCODES = frozenset({"INST", "OBJ", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4", "PERSID"})

# A damaged file can raise nearly anything inside zipfile, pickletools and torch.
_READER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
    pickle.PickleError,
    struct.error,
    zipfile.BadZipFile,
)


class BadCheckpoint(ValueError):
    """A model file that cannot or must not be loaded; the message names the file and the reason."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if str(path) else reason)
        self.path = path
        self.reason = reason


class HParams:
    """Inert stand-in for upstream's pickled config class `utils.HParams`: a bag of values, no behaviour."""

    values: dict[str, Any]

    def __new__(cls) -> "HParams":
        """Make an empty bag; the restricted reader may pass no arguments."""
        bag = super().__new__(cls)
        bag.values = {}
        return bag

    def __setstate__(self, state: object) -> None:
        """Take the pickled attributes, which are judged when the config is made plain."""
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise TypeError("the pickled config is not a bag of named values")
        self.values = state


# Once, at import: the context manager of torch is not safe with several threads loading at once.
torch.serialization.add_safe_globals([(HParams, "utils.HParams")])


@dataclass(frozen=True, slots=True)
class Archive:
    """What came out of a torch file: untrusted plain objects and tensors, and how the file began."""

    content: Any
    mark: bytes
    head_md5: str
    num_bytes: int


def read_archive(path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> Archive:
    """Read a torch zip file into memory without running anything in it.

    Raises:
        BadCheckpoint: the file is missing, too large, not a torch zip, damaged, or asks for foreign code.
    """
    raw = _read_bytes(path, max_bytes)
    mark, head_md5 = raw[:2], hashlib.md5(raw[:_MD5_BYTES], usedforsecurity=False).hexdigest()
    num_bytes = len(raw)
    buffer = io.BytesIO(raw)
    del raw  # the buffer is now the only owner and can be patched in place
    if mark in MARKS:
        buffer.getbuffer()[:2] = b"PK"
    try:
        _check_names(_check_directory(buffer, num_bytes, path), path)
        buffer.seek(0)
        content = torch.load(buffer, map_location="cpu", weights_only=True, mmap=False)
    except BadCheckpoint:
        raise
    except _READER_ERRORS as error:
        reason = str(error).splitlines()[0][:200] if str(error) else "no details"
        if isinstance(error, pickle.UnpicklingError):  # whose words advise to switch safety off
            reason = "its pickle does more than describe tensors"
        if isinstance(error, zipfile.BadZipFile | EOFError):
            raise BadCheckpoint(path, f"is cut short or damaged ({reason}); {_REMEDY}") from error
        raise BadCheckpoint(path, f"cannot be read ({type(error).__name__}: {reason})") from error
    return Archive(content, mark, head_md5, num_bytes)


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block, a device never end
            raise BadCheckpoint(path, "is not a file; a checkpoint file is needed")
        if status.st_size > max_bytes:
            raise BadCheckpoint(path, f"is larger than {max_bytes} bytes")
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise BadCheckpoint(path, f"cannot be opened ({error.strerror or error})") from error
    if len(raw) > max_bytes:  # it has grown since
        raise BadCheckpoint(path, f"is larger than {max_bytes} bytes")
    if len(raw) < 4:
        raise BadCheckpoint(path, f"is {'cut short' if raw else 'empty'}; {_REMEDY}")
    if raw[2:4] != b"\x03\x04" or (raw[:2] != b"PK" and raw[:2] not in MARKS):
        raise BadCheckpoint(
            path, "is not a torch zip file (files of torch before 1.6 must be saved again with a newer one)"
        )
    return raw


def _check_directory(buffer: io.BytesIO, num_bytes: int, path: Path) -> bytes:
    """Check the zip's directory and sums, and return its pickle."""
    with zipfile.ZipFile(buffer) as archive:
        entries = archive.infolist()
        if len(entries) > _MAX_ENTRIES:
            raise BadCheckpoint(path, f"has {len(entries)} zip entries, more than {_MAX_ENTRIES}")
        names = [entry.filename for entry in entries]
        if len(set(names)) != len(names):
            raise BadCheckpoint(path, "has two zip entries of the same name")
        for entry in entries:
            _check_entry(entry, path)
        if len({name.split("/")[0] for name in names}) != 1:
            raise BadCheckpoint(path, "has zip entries under more than one root")
        if min(entry.header_offset for entry in entries) != 0:
            raise BadCheckpoint(path, "has foreign bytes before the zip")
        if sum(entry.file_size for entry in entries) > num_bytes:
            raise BadCheckpoint(path, "has zip entries that overlap")
        root = names[0].split("/")[0]
        if f"{root}/constants.pkl" in names:
            raise BadCheckpoint(path, "is a TorchScript program, not a checkpoint")
        if f"{root}/data.pkl" not in names:
            raise BadCheckpoint(path, "is a zip but not one torch wrote (no data.pkl)")
        if archive.getinfo(f"{root}/data.pkl").file_size > _MAX_PICKLE_BYTES:
            raise BadCheckpoint(path, f"has a pickle of more than {_MAX_PICKLE_BYTES} bytes")
        damaged = archive.testzip()
        if damaged is not None:
            raise BadCheckpoint(path, f"is damaged (checksum of {damaged} is wrong); {_REMEDY}")
        return archive.read(f"{root}/data.pkl")


def _check_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.filename
    parts = name.split("/")
    if len(parts) < 2 or any(part in ("", ".", "..") for part in parts) or "\\" in name or ":" in name:
        raise BadCheckpoint(path, f"has a zip entry with an unfit name {name[:80]!r}")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise BadCheckpoint(path, f"has a compressed zip entry {name[:80]!r}")
    if entry.flag_bits & 0x1:
        raise BadCheckpoint(path, f"has an encrypted zip entry {name[:80]!r}")


def _check_names(pickled: bytes, path: Path) -> None:
    """Refuse a pickle that mentions anything beyond tensors, ordered dictionaries and the config class."""
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in _IMPORTING_OPCODES:
            raise BadCheckpoint(path, f"uses the pickle instruction {opcode.name}, which no checkpoint needs")
        if opcode.name == "GLOBAL" and argument not in _ALLOWED_NAMES:
            raise BadCheckpoint(path, f"asks for foreign code: {str(argument).replace(' ', '.')[:120]}")
