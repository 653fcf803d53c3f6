"""What a configuration needs, what is said of it, and fetching it with a hub in memory."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

import tts.fetch.__main__ as command
from tests.tts.fetch.fake_hub import FakeHub, sha256
from tests.tts.forged_files import saved
from tts.fetch.fetching import Fetcher
from tts.fetch.progress import ProgressLine
from tts.fetch.sources import Wanted, repositories, source_of_path, sources_of
from tts.pretrained import parts

PARITY = Path(__file__).parents[2] / "data" / "parity"
WEIGHTS = PARITY / "weights"
MAIN = "lj1995/GPT-SoVITS"
LLM = "BigPancake01/rolePlay_Qwen2.5-7B"
VOICES = "BigPancake01/GPT-SoVITS_Mihoyo"
REMOTE = 'backend = "openai"\n[llm.openai]\nmodel = "x"'
OWN_SSL = f'ssl_model = "{WEIGHTS / "hubert"}"\n'
SPEAKER = """
gpt_model = "{gpt}"
sovits_model = "{sovits}"
ref_audio = "{ref}"
ref_language = "en"
target_language = "en"
"""


class Place:
    """A configuration in a folder, and the command run on it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.models, self.speakers = root / "models", root / "speakers"
        self.models.mkdir()
        self.speakers.mkdir()
        self.config = root / "chat2audio.toml"
        self.configure()
        self.hub = FakeHub({}, piece=1 << 20)
        monkeypatch.setattr(command, "make_hub", lambda: self.hub)
        # The published files are large: here they are what the hub of the test says they are.
        monkeypatch.setattr("tts.fetch.needs.sources_of", self._sources)

    def _sources(self, part, place) -> tuple[Wanted, ...]:
        return tuple(replace(item, num_bytes=None, sha256=None) for item in sources_of(part, place))

    def configure(self, *, tts: str = "", llm: str = REMOTE) -> None:
        """Writes the settings; everything lies in the test's folder unless it says otherwise."""
        folders = '[paths]\nmodels_dir = "models"\nspeakers_dir = "speakers"\n'
        pretrained = "" if "pretrained_dir" in tts else 'pretrained_dir = "models"\n'
        self.config.write_text(f"{folders}[tts]\n{pretrained}{tts}\n[llm]\n{llm}\n")

    def speaker(self, name: str, *, sovits: str | Path, gpt: str | Path = WEIGHTS / "s1_v2.ckpt") -> None:
        ref = next(PARITY.glob("audio/*.wav"))
        self.speakers.joinpath(f"{name}.toml").write_text(SPEAKER.format(gpt=gpt, sovits=sovits, ref=ref))

    def run(self, *options: str) -> Result:
        result = CliRunner().invoke(command.main, ["--config", str(self.config), *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result


@pytest.fixture
def place(tmp_path, monkeypatch) -> Place:
    return Place(tmp_path, monkeypatch)


# --- the table


def test_every_part_has_a_source_for_every_file_it_needs() -> None:
    for part in parts().values():
        wanted = sources_of(part, Path("x"))
        assert wanted, part.name
        targets = {item.target.relative_to("x").as_posix() for item in wanted}
        if any(item.is_archive for item in wanted):
            continue
        assert all(any(name in targets for name in choice) for choice in part.files), part.name
        assert all(item.name.endswith(item.target.name) for item in wanted if part.files)


def test_the_known_checksums_are_checksums() -> None:
    known = [item for part in parts().values() for item in sources_of(part, Path("x")) if item.sha256]
    assert len(known) > 20
    assert all(len(bytes.fromhex(item.sha256 or "")) == 32 for item in known)


def test_paths_in_the_folder_of_a_known_repository_tell_their_source() -> None:
    assert {row.repo for row in repositories().values()} >= {LLM, VOICES}
    found = source_of_path(Path("/m/GPT-SoVITS_Mihoyo/GPT_models/Nahida/n.ckpt"))
    assert found is not None
    assert (found[1].repo, found[1].name) == (VOICES, "GPT_models/Nahida/n.ckpt")
    whole = source_of_path(Path("/m/rolePlay_Qwen2.5-7B"))
    assert whole is not None
    assert (whole[1].repo, whole[1].name) == (LLM, "*")
    assert source_of_path(Path("/m/mine/n.ckpt")) is None


# --- the list


def test_what_is_there_and_what_is_missing(place) -> None:
    place.speaker("Pro", sovits=WEIGHTS / "s2_v2ProPlus.pth")
    place.speaker("Old", sovits=WEIGHTS / "s2_v2.pth")
    result = place.run()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "MISSING   HuBERT, which hears reference recordings (for Old, Pro)" in lines
    assert "MISSING   speaker network of v2Pro and v2ProPlus (for Pro)" in lines
    assert "there     s2_v2.pth (for Old)" in lines
    place_of_net = place.models / "sv/pretrained_eres2netv2w24s4ep4.ckpt"
    get = lines.index(
        f"get      https://huggingface.co/{MAIN}/resolve/main/sv/pretrained_eres2netv2w24s4ep4.ckpt"
    )
    assert lines[get + 1] == f"to       {place_of_net}"
    assert place.hub.reads == [], "nothing is fetched unasked"
    assert not place_of_net.exists()


def test_all_there_is_status_zero(place) -> None:
    place.speaker("Old", sovits=WEIGHTS / "s2_v2.pth")
    place.configure(tts=OWN_SSL)
    result = place.run()
    assert (result.exit_code, "MISSING" in result.stdout, "get " in result.stdout) == (0, False, False)


def test_lora_files_and_flow_versions_name_their_parts(place, tmp_path) -> None:
    key = "cfm.base_model.model.estimator.transformer_blocks.0.attn.to_q.lora_{}.default.weight"
    pair = {key.format("A"): torch.ones(4, 2), key.format("B"): torch.ones(2, 4)}
    data = saved({"weight": pair, "config": {"model": {}}, "info": ""})
    (tmp_path / "v4.pth").write_bytes(b"04" + data[2:])
    (tmp_path / "undecided.pth").write_bytes(data)
    place.speaker("Four", sovits=tmp_path / "v4.pth")
    place.speaker("Odd", sovits=tmp_path / "undecided.pth")
    told = json.loads(place.run("--json").stdout)
    missing = {need["title"]: need["users"] for need in told["needs"] if not need["is_there"]}
    assert missing["SoVITS base of v4"] == ["Four"]
    assert missing["vocoder of v4"] == ["Four"]
    file = place.speakers / "Four.toml"
    file.write_text(f'{file.read_text()}sovits_base = "{WEIGHTS / "s2_v2.pth"}"\n')
    assert "SoVITS base of v4" not in place.run().stdout, "it brings its own"
    (problem,) = told["problems"]
    assert problem.startswith("speaker Odd: ")
    assert "give version = one of v3, v4" in problem


def test_bert_is_optional_and_only_for_voices_that_hear_it(place, tmp_path) -> None:
    gpt = tmp_path / "s1.ckpt"
    weights = {
        "model.bert_proj.weight": torch.ones(2, 1024),
        "model.ar_predict_layer.weight": torch.ones(2, 2),
    }
    gpt.write_bytes(saved({"weight": weights, "config": {}, "info": ""}))
    for name, language in (("Zh", "zh"), ("En", "en"), ("Yue", "yue")):
        place.speaker(name, sovits=WEIGHTS / "s2_v2.pth", gpt=gpt)
        file = place.speakers / f"{name}.toml"
        file.write_text(file.read_text().replace('"en"', f'"{language}"'))
    place.configure(tts=OWN_SSL)
    result = place.run()
    assert "optional  RoBERTa, for Chinese prosody (for Zh)" in result.stdout
    assert result.exit_code == 0, "speakers can do without"
    assert "RoBERTa" not in place.run("--no-optional").stdout
    place.configure(tts=OWN_SSL + "use_bert = false")
    assert "RoBERTa" not in place.run().stdout


def test_an_upstream_install_is_taken_as_it_is(place, tmp_path) -> None:
    net = tmp_path / "install/GPT_SoVITS/pretrained_models/sv/pretrained_eres2netv2w24s4ep4.ckpt"
    net.parent.mkdir(parents=True)
    net.write_bytes(b"short")
    place.configure(tts=OWN_SSL + 'pretrained_dir = "install"')
    place.speaker("Pro", sovits=WEIGHTS / "s2_v2ProPlus.pth")
    result = place.run()
    assert result.exit_code == 0
    assert str(net) in result.stdout


def test_a_file_of_an_odd_size_is_remarked(place, monkeypatch) -> None:
    monkeypatch.setattr("tts.fetch.needs.sources_of", sources_of)
    net = place.models / "sv/pretrained_eres2netv2w24s4ep4.ckpt"
    net.parent.mkdir()
    net.write_bytes(b"short")
    result = place.run("--part", "speaker-net")
    assert "has 5 bytes, the published one 107528697" in result.stdout


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        (["config.json"], "weights (*.safetensors)"),
        (["model.safetensors"], "config.json"),
        (
            ["config.json", "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"],
            "part 00002 of 00003",
        ),
        (["config.json", "model.safetensors"], ""),
        (["config.json", "model-00001-of-00001.safetensors"], ""),
    ],
)
def test_half_a_language_model_is_told(place, files, lacks) -> None:
    place.configure(llm='model = "models/mine"')
    (place.models / "mine").mkdir()
    for name in files:
        (place.models / "mine" / name).touch()
    result = place.run()
    assert result.exit_code == (1 if lacks else 0)
    assert lacks in result.stdout
    assert ("which no public source is known for" in result.stdout) is bool(lacks)


# --- fetching


def test_what_is_missing_is_fetched_with_what_it_turns_out_to_need(place) -> None:
    """A voice of the original's repository: once it is there, it needs the speaker network."""
    folder = "GPT-SoVITS_Mihoyo"
    place.speaker("Nahida", gpt=f"{folder}/GPT_models/N/n.ckpt", sovits=f"{folder}/VITS_models/N/n.pth")
    place.configure(llm='model = "models/rolePlay_Qwen2.5-7B"')
    place.hub.repos = {
        VOICES: {
            "GPT_models/N/n.ckpt": (WEIGHTS / "s1_v2.ckpt").read_bytes(),
            "VITS_models/N/n.pth": (WEIGHTS / "s2_v2ProPlus.pth").read_bytes(),
        },
        LLM: {"config.json": b"{}", "model.safetensors": b"weights", ".gitattributes": b"x", "../evil": b"x"},
        MAIN: {
            "chinese-hubert-base/config.json": b"{}",
            "chinese-hubert-base/preprocessor_config.json": b"{}",
            "chinese-hubert-base/pytorch_model.bin": b"hubert",
            "sv/pretrained_eres2netv2w24s4ep4.ckpt": b"net",
        },
    }
    first = place.run()
    assert first.exit_code == 1
    assert "speaker network" not in first.stdout
    result = place.run("--download")
    assert result.exit_code == 0, result.output
    assert "MISSING" not in result.stdout
    assert (
        f"fetched {place.models / 'chinese-hubert-base/pytorch_model.bin'} (sha256 as the hub says)"
        in result.stderr
    )
    assert (place.models / "sv/pretrained_eres2netv2w24s4ep4.ckpt").read_bytes() == b"net"
    there = {path.name for path in (place.models / "rolePlay_Qwen2.5-7B").iterdir()}
    assert there == {"config.json", "model.safetensors"}
    num_reads = len(place.hub.reads)
    assert place.run("--download").exit_code == 0
    assert len(place.hub.reads) == num_reads, "what is there is not fetched again"


def test_without_a_network_it_says_what_to_put_where(place) -> None:
    place.speaker("Old", sovits=WEIGHTS / "s2_v2.pth")
    place.hub.is_online = False
    result = place.run("--download")
    assert result.exit_code == 1
    assert f"to       {place.models / 'chinese-hubert-base/pytorch_model.bin'}" in result.stdout
    assert result.stderr == f"Error: {MAIN}: the hub cannot be reached\n"


def test_a_known_checksum_is_held_against_the_hub(place, monkeypatch) -> None:
    monkeypatch.setattr("tts.fetch.needs.sources_of", sources_of)
    place.hub.repos = {MAIN: {"gsv-v4-pretrained/vocoder.pth": b"something else"}}
    result = place.run("--part", "vocoder-hifigan", "--download")
    assert result.exit_code == 1
    assert "not the file that is known" in result.stderr
    assert not (place.models / "gsv-v4-pretrained/vocoder.pth").exists()


def test_g2pw_is_unpacked(place) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name in ("g2pW.onnx", "POLYPHONIC_CHARS.txt", "config.py"):
            archive.writestr(f"G2PWModel_1.1/{name}", b"data")
    place.hub.repos = {"XXXXRT/GPT-SoVITS-Pretrained": {"G2PWModel.zip": raw.getvalue()}}
    assert place.run("--part", "g2pw", "--download").exit_code == 0
    there = {path.relative_to(place.models).as_posix() for path in place.models.rglob("*")}
    assert there == {"G2PWModel", "G2PWModel/g2pW.onnx", "G2PWModel/POLYPHONIC_CHARS.txt"}


def test_any_repository_can_be_looked_at_and_fetched_in_part(place) -> None:
    files = {"ref_audios/a.wav": b"a", "ref_audios/b.wav": b"bb", "GPT_models/n.ckpt": b"n"}
    place.hub.repos = {VOICES: files}
    listed = place.run("--repository", VOICES)
    assert listed.exit_code == 0
    assert [line.split()[-1] for line in listed.stdout.splitlines()] == list(files)
    assert place.run("--repository", VOICES, "--only", "ref_audios/*", "--download").exit_code == 0
    assert place.run("--repository", VOICES, "--only", "ref_audios/*", "--download").exit_code == 0
    assert len(place.hub.reads) == 2, "what is there is not fetched again"
    there = {path.name for path in (place.models / "GPT-SoVITS_Mihoyo/ref_audios").iterdir()}
    assert there == {"a.wav", "b.wav"}
    assert not (place.models / "GPT-SoVITS_Mihoyo/GPT_models").exists()
    missing = place.run("--repository", VOICES, "--only", "none/*")
    assert (missing.exit_code, "no file that fits none/*" in missing.stderr) == (1, True)


def test_wrong_settings_and_parts_are_plain_errors(place) -> None:
    place.configure(tts="nonsense = 1")
    result = place.run()
    assert (result.exit_code, "unknown key" in result.stderr) == (1, True)
    assert "acoustic-v2Pro" in place.run("--part", "vocoder").stderr


def test_a_folder_of_a_repository_keeps_its_inner_names(tmp_path) -> None:
    hub = FakeHub({"o/r": {"a/b/c.txt": b"c", "a/d.txt": b"d", "e.txt": b"e"}})
    wanted = Wanted("o/r", "a/*", tmp_path / "a", folder="a/")
    assert [item.target for item, _ in Fetcher(hub).files(wanted)] == [
        tmp_path / "a/b/c.txt",
        tmp_path / "a/d.txt",
    ]


def test_progress_is_a_line_on_a_terminal_and_nothing_in_a_log(capsys) -> None:
    times = iter([0.0, 1.0, 1.1, 2.0])
    tell = ProgressLine(is_shown=True, clock=lambda: next(times)).watch("deep/model.pth", 4 << 20)
    for num_bytes in (0, 2 << 20, 4 << 20):
        tell(num_bytes)
    shown = capsys.readouterr().err
    assert shown.count("\r") == 2, "not more often than people can read"
    assert "100 % of 4.0 MiB, 2.0 MiB/s" in shown
    assert shown.endswith("\n")
    ProgressLine(is_shown=False).watch("model.pth", 10)(10)
    assert capsys.readouterr().err == ""


def test_the_fake_hub_lists_real_checksums() -> None:
    assert FakeHub({"r": {"a.pth": b"1"}}).list_files("r")["a.pth"].sha256 == sha256(b"1")
