"""Hostile and broken model files, built by hand; and a program that shows them to the loader in a cage.

    python -m tests.tts.checkpoint_attacks GOOD_FILE NUM_MUTATIONS

prints as JSON what came of them: how many were refused, what else happened, what the audit hook saw.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import resource
import sys
import tempfile
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Iterator
from pathlib import Path

import torch

from tests.tts.forged_files import Bag, Call, Named, Storage, pickled, saved, tensor, zipped

CONFIG = {"model": {"EOS": 1024}}


def content(value: object, **more: object) -> dict[str, object]:
    return {"weight": {"model.ar_predict_layer.weight": value}, "config": CONFIG, "info": "", **more}


FLOATS = {"0": bytes(16)}


def code_attacks() -> Iterator[tuple[str, bytes]]:
    """Files that want something called."""
    marker = os.environ.get("ATTACK_MARKER", "attacked")
    calls: dict[str, object] = {
        "os.system": Call(os.system, f"touch {marker}"),
        "builtins.eval": Call(eval, f"open({marker!r}, 'w')"),
        "builtins.exec": Call(exec, f"open({marker!r}, 'w')"),
        "builtins.open": Call(open, marker, "w"),
        "builtins.getattr": Call(getattr, "", "join"),
        "builtins.__import__": Call(__import__, "antigravity"),
        "builtins.bytearray of 1 TiB": Call(bytearray, 1 << 40),
        "collections.Counter": Call(Counter, "aab"),
        "torch.load": Call(torch.load, marker),
        "torch.hub.load": Call(torch.hub.load, "a/b", "c"),
        "torch.ops.load_library": Call(Named("torch._ops", "load_library"), "evil.so"),
        "torch.Tensor of 1 TiB": Call(torch.Tensor, 1 << 38),
        "torch.Size": Call(torch.Size, [1]),
        "meta tensor of 4 TiB": Call(
            torch._utils._rebuild_meta_tensor_no_storage, torch.float32, (1 << 40,), (1,), False
        ),
    }
    for name, call in calls.items():
        yield f"calls {name}", zipped(pickled(content(call)), FLOATS)
        yield f"calls {name} in the config", zipped(pickled({**content(tensor()), "config": call}), FLOATS)
    for module, name in (
        ("subprocess", "Popen"),
        ("posix", "system"),
        ("sys", "exit"),
        ("importlib", "import_module"),
        ("runpy", "run_path"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("torch._utils", "_rebuild_wrapper_subclass"),
        ("torch._utils", "_rebuild_nested_tensor"),
        ("torch._utils", "_rebuild_qtensor"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch.serialization", "_get_layout"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("utils", "HParams.__init__"),
        ("utils", "Other"),
        ("pathlib", "PosixPath"),
    ):
        yield f"names {module}.{name}", zipped(pickled(content(Named(module, name))), FLOATS)
    yield "protocol 4 names", zipped(pickled(content(Call(os.system, "true")), protocol=4), FLOATS)
    yield "protocol 0 names", zipped(pickled(content(Call(os.system, "true")), protocol=0), FLOATS)
    yield "INST", zipped(b"(S'true'\nios\nsystem\n.")
    yield "persistent text id", zipped(b"Pos.system\n.")
    yield "config class with arguments", _with_config(Bag({}, ("x",)))
    yield "config class with a list as state", _with_config(Bag([1]))
    yield "config class with numbers as names", _with_config(Bag({1: 2}))
    called = pickle.GLOBAL + b"utils\nHParams\n" + pickle.EMPTY_TUPLE + pickle.REDUCE + b"."
    yield "config class called", zipped(b"\x80\x02" + called)


def _with_config(config: object) -> bytes:
    return zipped(pickled({**content(tensor()), "config": config}), FLOATS)


def config_attacks() -> Iterator[tuple[str, bytes]]:
    """Configs that never end or grow when copied."""
    ring: list = []
    ring.append(ring)
    bag_ring = Bag({})
    bag_ring.state = {"self": bag_ring}
    laughs: list = ["ha"]
    for _ in range(40):
        laughs = [laughs] * 10
    deep: dict = {}
    for _ in range(100):
        deep = {"deeper": deep}
    for name, config in {
        "ring of lists": {"model": ring},
        "ring of config objects": bag_ring,
        "billion laughs": {"model": laughs},
        "deep": deep,
        "not a dictionary": [1],
        "not a number": {"model": float("nan")},
        "infinite": {"model": float("inf")},
        "names that are numbers": {1: 2},
        "a tensor": {"model": tensor()},
    }.items():
        yield f"config: {name}", _with_config(config)


def tensor_attacks() -> Iterator[tuple[str, bytes]]:
    """Tensors that are not what they claim."""
    bad = {
        "stride 0": (tensor(numel=1, shape=(1 << 33,), stride=(0,)), {"0": bytes(4)}),
        "overlapping": (tensor(shape=(3, 2), stride=(1, 1)), FLOATS),
        "transposed": (tensor(shape=(2, 2), stride=(1, 2)), FLOATS),
        "beyond its storage": (tensor(shape=(8,)), FLOATS),
        "offset beyond": (tensor(offset=2), FLOATS),
        "negative offset": (tensor(offset=-2), FLOATS),
        "negative size": (tensor(shape=(-4,)), FLOATS),
        "negative stride": (tensor(stride=(-1,)), FLOATS),
        "claims 4 TiB": (tensor(numel=1 << 40), FLOATS),
        "claims negative": (tensor(numel=-4), FLOATS),
        "no storage": (tensor(key="9"), FLOATS),
        "storage outside": (tensor(key="../version"), FLOATS),
        "empty": (tensor(numel=0, shape=(0, 1 << 40), stride=(1, 1)), {"0": b""}),
        "NaN": (tensor(), {"0": b"\xff" * 16}),
        "infinite": (tensor(), {"0": b"\x00\x00\x80\x7f" * 4}),
        "text": ("tensor", FLOATS),
        "number": (3, FLOATS),
        "dictionary": ({"a": tensor()}, FLOATS),
        "bare storage": (Storage("0", 4), FLOATS),
    }
    for name, (value, storages) in bad.items():
        yield f"tensor: {name}", zipped(pickled(content(value)), storages)
    for kind in ("DoubleStorage", "ComplexFloatStorage", "BoolStorage", "QInt8Storage", "UntypedStorage"):
        storage = Storage("0", 2)
        storage.saved_id = ("storage", Named("torch", kind), "0", "cpu", 2)
        value = Call(torch._utils._rebuild_tensor_v2, storage, 0, (2,), (1,), False, OrderedDict())
        yield f"tensor: {kind}", zipped(pickled(content(value)), FLOATS)
    many = {f"t{i}": tensor(numel=1024, shape=(1024,)) for i in range(500)}
    yield "500 tensors, one storage", zipped(pickled({"weight": many, "config": CONFIG}), {"0": bytes(4096)})
    yield "names that are numbers", zipped(pickled({"weight": {1: tensor()}, "config": CONFIG}), FLOATS)
    yield "no tensors", zipped(pickled({"weight": {}, "config": CONFIG}), FLOATS)
    yield (
        "tensor with attributes",
        zipped(pickled(content(tensor()))[:-1] + pickle.EMPTY_DICT + pickle.BUILD + b".", FLOATS),
    )


def archive_attacks() -> Iterator[tuple[str, bytes]]:
    """Zips that are not what torch writes."""
    good = pickled(content(tensor()))
    yield "zip: deflated", zipped(good, FLOATS, compression=zipfile.ZIP_DEFLATED)
    bomb = {"0": bytes(64 << 20)}
    claimed = pickled(content(tensor(numel=16 << 20, shape=(16 << 20,))))
    yield "zip: bomb", zipped(claimed, bomb, compression=zipfile.ZIP_DEFLATED)
    for name in (
        "archive/../../evil",
        "/evil",
        "archive/data/..",
        "archive\\evil",
        "C:/evil",
        "archive//x",
        "x",
    ):
        yield f"zip: entry {name}", zipped(good, FLOATS, extra=((name, b"x"),))
    yield "zip: second root", zipped(good, FLOATS, extra=(("other/data.pkl", good),))
    yield "zip: TorchScript", zipped(good, FLOATS, extra=(("archive/constants.pkl", b"(."),))
    yield "zip: 6000 entries", zipped(good, FLOATS, extra=tuple((f"archive/{i}", b"") for i in range(6000)))
    yield "zip: no pickle", zipped(good, FLOATS).replace(b"data.pkl", b"data.pkx")
    yield "zip: huge pickle", zipped(b"\x80\x02" + b"]0" * (1 << 20) + b"N.")
    yield "zip: bytes in front", b"PK\x03\x04" + bytes(60) + zipped(good, FLOATS)
    yield "zip: wrong checksum", zipped(good, {"0": b"\x01" * 16}).replace(b"\x01" * 16, b"\x02" * 16)
    yield "zip: encrypted", _patched_directory(zipped(good, FLOATS), 8, b"\x01\x00")
    yield (
        "zip: entry larger than the file",
        _patched_directory(zipped(good, FLOATS), 20, b"\xff\xff\xff\x7f" * 2),
    )
    yield "zip: overlapping entries", _overlapping(good)
    yield "zip: no directory", zipped(good, FLOATS)[:200]
    yield "zip: empty", b"PK\x05\x06" + bytes(18)
    yield "zip: unknown mark", b"07" + zipped(good, FLOATS)[2:]
    duplicate = zipped(good, FLOATS, extra=(("archive/data/1", b"x"),))
    yield "zip: same name twice", duplicate.replace(b"archive/data/1", b"archive/data/0")


def _patched_directory(data: bytes, offset: int, patch: bytes) -> bytes:
    """Overwrite bytes of the last entry of the zip's directory."""
    start = data.rindex(b"PK\x01\x02") + offset
    return data[:start] + patch + data[start + len(patch) :]


def _overlapping(good: bytes) -> bytes:
    """Let 60 directory entries point at the same big piece of data."""
    big = {str(i): bytes(4096) if i == 0 else b"" for i in range(60)}
    data = bytearray(zipped(good, big))
    first = data.index(b"PK\x01\x02", data.index(b"archive/data/0") + 4096)
    entries = []
    while (first := data.find(b"PK\x01\x02", first)) >= 0:
        entries.append(first)
        first += 4
    source = next(e for e in entries if data[e + 46 : e + 60] == b"archive/data/0")
    for entry in entries:
        if data[entry + 46 : entry + 59] == b"archive/data/" and entry != source:
            data[entry + 16 : entry + 28] = data[source + 16 : source + 28]
    return bytes(data)


def plain_attacks() -> Iterator[tuple[str, bytes]]:
    """Files that are no archives at all."""
    yield "empty", b""
    yield "one byte", b"P"
    yield "only a magic", b"PK\x03\x04"
    yield "text", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    yield "garbage", random.Random(1).randbytes(4096)
    yield "garbage behind a magic", b"PK\x03\x04" + random.Random(2).randbytes(4096)
    yield "a bare pickle", pickled(Call(os.system, "true"))
    legacy = io.BytesIO()
    torch.save({"weight": {}, "config": {}}, legacy, _use_new_zipfile_serialization=False)
    yield "torch's old format", legacy.getvalue()
    yield "trainer's save", saved({"model": {}, "iteration": 1, "optimizer": {}, "learning_rate": 1.0})
    yield "Lightning's save", saved({"epoch": 1, "state_dict": {}, "optimizer_states": []})
    yield "list", saved([1, 2])
    yield "no config", saved({"weight": {"a": torch.zeros(1)}})


def all_attacks() -> dict[str, bytes]:
    """Name to content of every hostile or broken file."""
    return {
        name: data
        for source in (code_attacks, config_attacks, tensor_attacks, archive_attacks, plain_attacks)
        for name, data in source()
    }


def mutations(good: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    """Damage a good file: cut it, or change, delete, repeat some bytes; half of the hits in the directory."""
    dice = random.Random(3)
    for i in range(number):
        data = bytearray(good)
        at = dice.randrange(len(data)) if dice.random() < 0.5 else len(data) - 1 - dice.randrange(6000)
        match i % 4:
            case 0:
                del data[at:]
            case 1:
                data[at] ^= 1 << dice.randrange(8)
            case 2:
                del data[at : at + dice.randrange(1, 64)]
            case _:
                data[at:at] = data[at : at + dice.randrange(1, 64)]
        yield f"mutation {i}", bytes(data)


def main() -> None:
    from tts.checkpoint import BadCheckpoint, read_checkpoint

    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    good = Path(sys.argv[1]).read_bytes()
    wanted = read_checkpoint(sys.argv[1]).weights  # torch imports what it needs before the hook listens
    "".encode("cp437")  # and zipfile what it needs for damaged names
    files = {**all_attacks(), **dict(mutations(good, int(sys.argv[2])))}
    seen: list[str] = []
    told = ("os.", "subprocess.", "socket.", "exec", "compile", "import", "ctypes.", "pickle.find_class")
    harmless = {"os.listdir", "os.scandir"}
    listening = [False]

    def hook(event: str, args: tuple) -> None:
        if listening[0] and event.startswith(told) and event not in harmless:
            seen.append(f"{event} {str(args)[:80]}")

    sys.addaudithook(hook)
    start_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome: dict[str, list[str]] = {"loaded": [], "other": []}
    refused = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.pth"
        for name, data in files.items():
            path.write_bytes(data)
            listening[0] = True
            try:
                got = read_checkpoint(path).weights
                equal = got.keys() == wanted.keys() and all(torch.equal(got[n], wanted[n]) for n in wanted)
                outcome["loaded"].append(name if equal else f"{name}: other values")
            except BadCheckpoint:
                refused += 1
            except BaseException as error:
                outcome["other"].append(f"{name}: {type(error).__name__} {error}"[:200])
            listening[0] = False
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start_kib
    largest_kib = max(map(len, files.values())) // 1024
    report = {**outcome, "refused": refused, "seen": seen, "grown_kib": grown_kib, "largest_kib": largest_kib}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
