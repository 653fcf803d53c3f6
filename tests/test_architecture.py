"""The laws of the house (STRUCTURE.md), held by reading the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APPS = {"app_stream", "app_non_stream"}
# A package may import itself and what stands behind it here. The leaves may import anything below the apps.
BELOW_THE_APPS = frozenset({"runtime", "prompts", "speakers", "llm", "tts", "chat2audio"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    "runtime": frozenset(),
    "prompts": frozenset(),
    "speakers": frozenset(),
    "llm": frozenset({"runtime", "prompts"}),
    "tts": frozenset({"runtime", "speakers"}),
    "chat2audio": BELOW_THE_APPS - {"chat2audio"},
    "app_stream": frozenset({"chat2audio"}),
    "app_non_stream": frozenset({"chat2audio"}),
    "evaluation": BELOW_THE_APPS,
    "demo": BELOW_THE_APPS,
    "benchmarks": BELOW_THE_APPS | {"demo"},  # which makes models to measure with
}
LEAVES = {"benchmarks", "evaluation", "demo"}
# A command that looks at a whole configuration reads the settings; nothing but itself imports its package.
MAY_ALSO_IMPORT = {"tts/fetch/": "chat2audio.settings"}
# The reply path and all below it in its folder run, and are tested, without these.
TORCH_FREE = ("reply", "engines", "events", "failures", "speakable", "sentences", "encoding")
VERSION_FILES = {"tts/versions.py", "tts/checkpoint.py"}
# The borders at which whatever failed becomes an in-band error: of an engine, of a reply, of its encoding;
# and that of a library whose own errors are bare ones (tokenizers).
MAY_CATCH_EVERYTHING = {
    "runtime/step_loop.py",
    "chat2audio/reply.py",
    "chat2audio/delivery.py",
    "llm/chat_model.py",
}


def sources() -> Iterator[Path]:
    for package in sorted(MAY_IMPORT):
        if package in APPS:
            yield ROOT / f"{package}.py"
        else:
            yield from sorted((ROOT / package).rglob("*.py"))


FILES = list(sources())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=FILES, ids=name_of)
def source(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    return request.param, ast.parse(request.param.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            yield node.module


def test_imports_point_down(source) -> None:
    path, tree = source
    package = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for module in imported(tree):
        top = module.split(".")[0]
        of_a_command = next((name for name in MAY_ALSO_IMPORT if name_of(path).startswith(name)), "")
        assert of_a_command or not module.startswith("tts.fetch"), "tts.fetch is a leaf"
        if top in MAY_IMPORT and top != package and module != MAY_ALSO_IMPORT.get(of_a_command):
            assert top in MAY_IMPORT[package], f"{name_of(path)} imports {module}"
            if package not in LEAVES:
                assert "finetune" not in module.split("."), "finetune is a leaf"


def test_the_language_keeps_no_trapdoors(source) -> None:
    path, tree = source
    for node in ast.walk(tree):
        where = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Global), f"{where}: global"
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), f"{where}: star import"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"{where}: print"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("sys", "path"), f"{where}: sys.path"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{where}: bare except"
            if "Exception" in ast.unparse(node.type).split() or "BaseException" in ast.unparse(node.type):
                assert name_of(path) in MAY_CATCH_EVERYTHING, f"{where}: catches everything"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.match(r"(/home/|/root/|/Users/|/tmp/|[A-Z]:\\)", node.value), (
                f"{where}: absolute path"
            )


def test_versions_are_compared_in_their_own_files_only(source) -> None:
    path, tree = source
    if name_of(path) in VERSION_FILES:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            texts = [ast.unparse(part) for part in (node.left, *node.comparators)]
            known = {repr(name) for name in ("v1", "v2", "v2Pro", "v2ProPlus", "v3", "v4")}
            assert not (known & set(texts)), (
                f"{name_of(path)}:{node.lineno}: a ladder of versions begins here"
            )


def test_loading_is_never_unsafe(source) -> None:
    path, _ = source
    text = path.read_text(encoding="utf-8")
    for phrase in ("weights_only=False", "trust_remote_code=True", "shell=True", "pickle.load"):
        assert phrase not in text, f"{name_of(path)}: {phrase}"


def test_the_reply_path_needs_neither_torch_nor_fastapi() -> None:
    modules = ", ".join(f"chat2audio.{name}" for name in TORCH_FREE)
    code = f"import sys, {modules}; print({{'torch', 'fastapi'}} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


def test_every_folder_of_the_structure_page_exists_and_every_file_is_on_it() -> None:
    page = (ROOT / "STRUCTURE.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w./-]+\.py)`", page) if not name.startswith("tests/")}
    real = {name_of(path) for path in FILES if path.name != "__init__.py"}
    assert named - real == set(), "the page names files that are not there"
    assert real - named == set(), "the page does not name these files"
