"""Settings: defaults, file, environment, and that every fault says where, what and what is valid."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from chat2audio import settings as settings_module
from chat2audio.limits import SplitLimits
from chat2audio.settings import Settings, SettingsError, load_settings
from chat2audio.speakable import SpeakableOptions

ROOT = Path(settings_module.__file__).parent.parent
EXAMPLE = ROOT / "chat2audio.example.toml"


def load(text: str, folder: Path, **environ: str) -> Settings:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ={f"CHAT2AUDIO_{key}": value for key, value in environ.items()})


def fault(text: str, folder: Path, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(text, folder, **environ)
    return str(caught.value)


def sections(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield above + name, field.annotation
            yield from sections(field.annotation, f"{above}{name}.")


def test_defaults_run_the_demo_on_this_machine_only(tmp_path: Path) -> None:
    settings = load_settings(environ={}, root=tmp_path)
    assert settings.server.host == "127.0.0.1"
    assert (settings.server.stream_port, settings.server.file_port) == (8000, 8001)
    assert settings.llm.model == tmp_path / "models/demo/llm"
    assert settings.paths.speakers_dir == tmp_path / "speakers"
    assert settings.tts.bert_model is None
    assert settings.text.speakable.options() == SpeakableOptions()
    assert settings.text.splitter.limits() == SplitLimits()


def test_pretrained_parts_lie_where_they_are_set_and_else_in_one_folder(tmp_path: Path) -> None:
    pretrained = load('[tts]\npretrained_dir = "upstream"\nbert_model = "bert"\n', tmp_path).tts.pretrained()
    assert pretrained.place("ssl") == tmp_path / "upstream/chinese-hubert-base"
    assert pretrained.place("bert") == tmp_path / "bert"
    assert load_settings(environ={}, root=tmp_path).tts.pretrained().folder == tmp_path / "models"


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    text = '[server]\nstream_port = 9000\nfile_port = 9001\n[llm.sampling]\nstop = ["x"]\n'
    settings = load(text, tmp_path, SERVER__FILE_PORT="9999", LLM__SAMPLING__TEMPERATURE="0.5")
    assert (settings.server.stream_port, settings.server.file_port) == (9000, 9999)
    assert (settings.llm.sampling.temperature, settings.llm.sampling.stop) == (0.5, ["x"])


def test_the_file_is_the_named_one_or_the_one_in_the_root(tmp_path: Path) -> None:
    (tmp_path / "chat2audio.toml").write_text("[server]\nstream_port = 9000\n")
    (tmp_path / "other.toml").write_text("[server]\nstream_port = 9001\n")
    named = {"CHAT2AUDIO_CONFIG": str(tmp_path / "other.toml")}
    assert load_settings(environ={}, root=tmp_path).server.stream_port == 9000
    assert load_settings(environ=named, root=tmp_path).server.stream_port == 9001
    with pytest.raises(SettingsError, match=r"gone\.toml: cannot be read: No such file"):
        load_settings(environ={"CHAT2AUDIO_CONFIG": "gone.toml"}, root=tmp_path)


def test_lists_and_tables_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        "",
        tmp_path,
        SERVER__CORS_ORIGINS="https://a.org, http://b.org:3000",
        LLM__SAMPLING__STOP='["a, b"]',
        LLM__OPENAI__ADAPTER_MODELS='{"Mira": "mira-lora"}',
        TTS__BATCH_INVARIANT="true",
    )
    assert settings.server.cors_origins == ["https://a.org", "http://b.org:3000"]
    assert settings.llm.sampling.stop == ["a, b"]
    assert settings.llm.openai.adapter_models == {"Mira": "mira-lora"}
    assert settings.tts.batch_invariant is True


def test_relative_paths_start_where_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "etc", tmp_path / "here"
    folder.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = load(
        '[paths]\nmodels_dir = "m"\nvoice_roots = ["a", "/b"]\n'
        '[tts]\nbert_model = "bert"\nspeaker_net = ""\n',
        folder,
        LLM__MODEL="llm",
        LLM__ADAPTERS_DIR="",
    )
    assert settings.paths.models_dir == folder / "m"
    assert settings.paths.voice_roots == [folder / "a", Path("/b")]
    assert settings.paths.prompts_dir == ROOT / "prompts"
    assert (settings.tts.bert_model, settings.tts.speaker_net) == (folder / "bert", None)
    assert settings.llm.model == elsewhere / "llm"
    assert settings.llm.adapters_dir is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[server\n", "mine.toml: not valid TOML: "),
        ("[server]\nprot = 1\n", "mine.toml: server.prot: unknown key; valid keys: host, stream_port, "),
        ("[server]\nhots = 'x'\n", "mine.toml: server.hots: unknown key (did you mean host?); valid keys: "),
        ("port = 1\n", "mine.toml: port: unknown key; valid keys: server, llm, tts, text, paths"),
        (
            "[llm.sampling]\ntop_pp = 1\n",
            "mine.toml: llm.sampling.top_pp: unknown key (did you mean top_p?); valid",
        ),
        ("server = 3\n", "mine.toml: server: should be a valid dictionary"),
        ("[server]\nstream_port = 0\n", "server.stream_port: should be greater than or equal to 1 (Port of"),
        ("[server]\nstream_port = 'x'\n", "server.stream_port: should be a valid integer"),
        ("[server]\nrequest_timeout_sec = nan\n", "server.request_timeout_sec: should be a finite number"),
        ("[server]\ncors_origins = ['http://a/b']\n", 'server.cors_origins.0: must be "*" or like "https://'),
        ("[server]\napi_keys = ['short']\n", "server.api_keys.0: must be 8 or more printable ASCII"),
        ("[server]\napi_keys = ['sha256:12']\n", "server.api_keys.0: sha256: must be followed by 64"),
        ("[llm]\nbackend = 'vllm'\n", "llm.backend: should be 'local' or 'openai'"),
        ("[llm]\nbackend = 'openai'\n", 'llm.openai.model must be set when llm.backend is "openai"'),
        ("[llm]\ndevice = 'gpu'\n", "(auto, cpu, cuda or cuda:1; auto takes a GPU if there is.)"),
        ("[llm]\nmodel = 3\n", "llm.model: is not a valid path"),
        ("[text.splitter]\nfirst_min = 20\n", "text.splitter: first_min is 20.0 and first_max 15"),
        ("[text.speakable]\nasides = '(x'\n", "text.speakable: asides: 'x' is not among ( [ { <"),
    ],
)
def test_a_fault_in_the_file(text: str, reason: str, tmp_path: Path) -> None:
    message = fault(text, tmp_path)
    assert reason in message
    assert "mine.toml" in message
    assert "\n" not in message


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    lines = fault("[server]\nprot = 1\nfile_port = 0\n", tmp_path, TTS__CHUNK_MS="1").splitlines()
    assert len(lines) == 3
    assert any(line.startswith("CHAT2AUDIO_TTS__CHUNK_MS: tts.chunk_ms: ") for line in lines)


def test_a_fault_in_the_environment(tmp_path: Path) -> None:
    assert fault("", tmp_path, SERVER__PROT="1").startswith(
        "CHAT2AUDIO_SERVER__PROT: unknown key; valid keys: "
    )
    assert "valid keys: server, llm" in fault("", tmp_path, SERVR__HOST="x")
    assert "no keys below it" in fault("", tmp_path, SERVER__HOST__NAME="x")
    assert "should be a valid list" in fault("", tmp_path, LLM__SAMPLING__STOP="[x")
    assert "should be a valid dictionary" in fault("", tmp_path, LLM__SAMPLING="x")


def test_variables_of_others_do_no_harm(tmp_path: Path) -> None:
    kubernetes = {"SERVICE_HOST": "10.0.0.1", "PORT_8000_TCP": "tcp://10.0.0.1:8000", "PORT": "tcp://x"}
    assert load("", tmp_path, **kubernetes) == load("", tmp_path)


def test_keys_are_secret(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"correct horse").digest()
    settings = load(f'[server]\napi_keys = ["correct horse", "sha256:{digest.hex()}"]\n', tmp_path)
    assert settings.server.key_digests() == (digest, digest)
    assert "correct" not in repr(settings) + str(settings.model_dump())
    message = fault('[server]\napi_keys = ["hush\\u0007-hush"]\nport = 1\n', tmp_path)
    assert "hush" not in message


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104
def test_other_machines_need_a_key(host: str, tmp_path: Path) -> None:
    text = f'[server]\nhost = "{host}"\n'
    message = fault(text, tmp_path)
    assert f"host {host} can be reached from other machines: set api_keys, or allow_no_key = true" in message
    assert load(text + 'api_keys = ["correct horse"]\n', tmp_path).server.host == host
    assert load(text + "allow_no_key = true\n", tmp_path).server.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_needs_none(host: str, tmp_path: Path) -> None:
    assert load(f'[server]\nhost = "{host}"\n', tmp_path).server.host == host


def test_a_speaker_s_limits_lie_over_the_configured_ones(tmp_path: Path) -> None:
    splitter = load("[text.splitter]\nlater_max = 40\n", tmp_path).text.splitter
    assert splitter.limits({"first_max": 12}) == SplitLimits(first_max=12, later_max=40)
    with pytest.raises(ValueError, match="unknown splitter limit 'longest'; valid are first_min"):
        splitter.limits({"longest": 12})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().server.host = "x"  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    for name, section in sections(Settings):
        assert (section.__doc__ or "").startswith(f"[{name}]")
        for key, field in section.model_fields.items():
            is_section = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            assert is_section or (field.description or "").endswith("."), f"{name}.{key}"


def test_the_example_holds_the_defaults() -> None:
    assert load_settings(EXAMPLE, environ={}) == load_settings(environ={}, root=ROOT)
    given = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name, section in sections(Settings):
        values = given
        for part in name.split("."):
            values = values.get(part, {})
        for key, value in values.items():
            if not isinstance(value, dict):
                assert section.model_fields[key].default == value, f"{name}.{key}"


def test_every_line_of_the_example_is_valid_and_every_setting_is_in_it(tmp_path: Path) -> None:
    text = re.sub(r"^# (?=\w+ = )", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    settings = load(text, tmp_path)
    assert settings.llm.model == tmp_path / "models/Qwen2.5-7B-Instruct"
    assert settings.tts.ssl_model == tmp_path / "models/chinese-hubert-base"
    given = tomllib.loads(text)
    for name, section in sections(Settings):
        values = given
        for part in name.split("."):
            values = values[part]
        assert set(values) == set(section.model_fields), name
