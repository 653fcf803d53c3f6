"""The static page: its parts fit together, nothing comes from elsewhere, its scripts pass their tests."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WEB = HERE.parent.parent / "web"
HTML = (WEB / "index.html").read_text(encoding="utf-8")
APP = (WEB / "app.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_scripts(script: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    done = subprocess.run([node, "--test", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_comes_from_another_server_and_nothing_is_inline() -> None:
    for path in WEB.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|@import|url\(", text), path.name
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", HTML)


def test_the_files_the_page_names_are_there() -> None:
    named = set(re.findall(r'(?:src|href)="([^":]+)"', HTML)) | set(re.findall(r'from "\./([^"]+)"', APP))
    assert named == {path.name for path in WEB.iterdir()} - {"index.html"}


def test_the_script_names_only_elements_that_exist() -> None:
    ids = re.findall(r'\bid="([^"]+)"', HTML)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'\$\("([^"]+)"\)', APP)) <= set(ids)


def test_both_languages_have_every_word() -> None:
    tables = re.search(r"\bzh: \{(.*?)\},\s*en: \{(.*?)\},\s*\}", APP, re.DOTALL)
    assert tables
    zh, en = (re.findall(r'(?:^|, |\n)\s*(\w+): "', table) for table in tables.groups())
    assert sorted(zh) == sorted(en)
    used = set(re.findall(r"\bwords\.(\w+)", APP)) | set(re.findall(r'data-label="(\w+)"', HTML))
    assert used == set(zh)


def test_the_page_stays_small() -> None:
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in WEB.iterdir()) < 300
