"""One small untrained voice of every model version and of both LoRA kinds, in a folder as users have it."""

import json
from collections.abc import Mapping
from pathlib import Path

from demo.make_acoustic_checkpoint import (
    write_acoustic_model,
    write_hubert,
    write_reference,
    write_speaker_net,
)
from demo.make_flow_checkpoint import write_flow_lora, write_flow_model, write_vocoder
from demo.make_semantic_checkpoint import SMALL_BY_TABLE, make_semantic
from speakers.speaker import Speaker
from tts.pretrained import SPEAKER_NET, PretrainedModels
from tts.versions import VERSIONS

SSL_FOLDER = "ssl"
# Name of the voice, and of its SoVITS file without the suffix -> the version's row it must speak by.
VOICES: Mapping[str, str] = {
    **{name: name for name in VERSIONS},
    **{f"{name}_lora": name for name, row in VERSIONS.items() if row.flow is not None},
}
_KEYS: Mapping[str, object] = {
    "ref_audio": "reference.wav",
    "ref_text": "你好，很高兴见到你。",
    "ref_language": "zh",
    "target_language": "zh",
    "sample_steps": 2,
}


def write_voices(folder: Path) -> None:
    """Write weights and speaker files, and the parts they need besides in upstream's layout.

    Args:
        folder: holds everything; serves as speakers_dir, models_dir and pretrained_dir.
    """
    models = PretrainedModels(folder)
    write_hubert(folder / SSL_FOLDER)
    write_reference(folder / "reference.wav", seconds=3.2)
    for table, sizes in SMALL_BY_TABLE.items():
        make_semantic(folder / _semantic_name(table), sizes, seed=1, eos="likely")
    models.place(SPEAKER_NET).parent.mkdir()
    write_speaker_net(models.place(SPEAKER_NET))
    for seed, (name, version) in enumerate(VERSIONS.items()):
        if version.flow is None:
            write_acoustic_model(folder / f"{name}.pth", version, seed=seed)
            continue
        base = models.place(f"acoustic-{name}")
        base.parent.mkdir(exist_ok=True)
        write_flow_model(base, version, seed=seed)
        (folder / f"{name}.pth").symlink_to(base)
        write_flow_lora(folder / f"{name}_lora.pth", version, seed=seed + 50)
        write_vocoder(models.place(f"vocoder-{version.vocoder}"), version)
    for name in VOICES:
        lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in _keys(name).items())
        (folder / f"{name}.toml").write_text("\n".join(lines), encoding="utf-8")


def speaker(folder: Path, name: str, **changed: object) -> Speaker:
    """The speaker of one of `VOICES`, with other values where they are given."""
    return Speaker.from_dict({**_keys(name), **changed}, folder=folder)


def _keys(name: str) -> dict[str, object]:
    gpt_model = _semantic_name(VERSIONS[VOICES[name]].symbols)
    return {"name": name, "gpt_model": gpt_model, "sovits_model": f"{name}.pth", **_KEYS}


def _semantic_name(table: str) -> str:
    return f"semantic-{table}.ckpt"
