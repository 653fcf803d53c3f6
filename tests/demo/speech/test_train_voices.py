"""Built-in voices are trained on what speech there is, stage after stage, and written as loadable files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from demo.speech.acoustic_stages import (
    STAGES,
    MissingStage,
    NetworkSizes,
    Stage,
    newest_networks,
    train_acoustic_stage,
)
from demo.speech.assembly import NoReference, assemble, choose_reference
from demo.speech.labels import label_ids
from demo.speech.phone_starts import sounds_of_phones, start_values
from demo.speech.recording import RATE_HZ, Recording, Run
from demo.speech.semantic_stage import read_tokens, train_semantic_stage
from demo.speech.shards import ShardWriter
from demo.speech.ssl_model import SSL_DIM, SslModel, load_head, make_quantizer
from demo.speech.tokens import NUM_ROWS, code_table
from demo.speech.train_voices import main
from demo.speech.voice_corpus import read_corpus
from tts.checkpoint import read_checkpoint
from tts.finetune.acoustic_sizes import AcousticSizes
from tts.finetune.bases import find_bases
from tts.finetune.discriminators import DiscriminatorSizes
from tts.finetune.features import SAMPLES_PER_TOKEN
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.training_loop import LoopSettings
from tts.models.hubert import HubertEncoder
from tts.models.quantizer import SemanticQuantizer
from tts.models.semantic_layout import SemanticSizes
from tts.models.vits import VitsModel

SEMANTIC = SemanticSizes(
    dim=16,
    num_layers=1,
    num_heads=2,
    ff_dim=64,
    bert_dim=8,
    num_phonemes=732,
    num_tokens=NUM_ROWS + 1,
    eos_id=NUM_ROWS,
)
ACOUSTIC = NetworkSizes(
    AcousticSizes(
        inter_channels=16,
        filter_channels=16,
        n_layers=2,
        gin_channels=16,
        upsample_initial_channel=32,
        upsample_kernel_sizes=(20, 16, 4, 4, 4),
        resblock="2",
        resblock_kernel_sizes=(3,),
        resblock_dilation_sizes=((1, 3),),
        ssl_dim=SSL_DIM,
        mrte_channels=16,
        style_channels=16,
        posterior_layers=2,
    ),
    DiscriminatorSizes(
        periods=(2,), period_channels=(4, 8), scale_channels=(), fft_sizes=(512,), spectrogram_channels=(4,)
    ),
)
LOOP = LoopSettings(num_steps=2, batch_size=2, save_every=0, eval_every=0, log_every=1)
NUM_TOKENS = 90  # 3.6 s
SOUNDS = (("pau", 6, 0), ("m", 80, 1), ("iy", 88, 2), ("pau", 6, 3))


def say(folder: Path, language: str = "en") -> None:
    """Writes a held-out, a reply and a random shard, two clips each."""
    random = np.random.default_rng(len(folder.name))
    for number, kind in enumerate(("held-out", "reply", "random")):
        writer = ShardWriter(folder, number)
        for place in range(2):
            samples = random.normal(0, 3000, NUM_TOKENS * SAMPLES_PER_TOKEN).astype(np.int16)
            phones = np.array([5, 6 + place, 7, 8])
            writer.add(kind, f"Said by {folder.name}: {kind}.", language, phones, Recording(samples, runs()))
        writer.write()


def runs() -> tuple[Run, ...]:
    return tuple(Run(*sound) for sound in SOUNDS)


@pytest.fixture
def work(tmp_path):
    say(tmp_path / "slt")
    return tmp_path


def train_semantic(work: Path, num_steps: int = 2):
    settings = SemanticSettings(average_decay=0.999)
    loop = replace(LOOP, num_steps=num_steps)
    return train_semantic_stage(work, work / "runs" / "semantic", loop, settings, SEMANTIC)


def train_acoustic(work: Path, name: str, num_steps: int = 1):
    settings = replace(STAGES[name].settings, window_tokens=16)
    loop = replace(LOOP, num_steps=num_steps)
    return train_acoustic_stage(name, work, work / "runs", Stage(settings, loop), ACOUSTIC)


def test_all_teachers_with_speech_take_part_and_references_are_their_own(work):
    say(work / "rms")
    corpus = read_corpus(work, has_sound=False)
    assert corpus.teachers == ("slt", "rms")
    assert len(corpus.training) == len(corpus.speakers) == 8
    for clip, reference, speaker in zip(
        corpus.held_out.clips, corpus.references.clips, corpus.held_out_speakers, strict=True
    ):
        assert clip.samples_path.parent == reference.samples_path.parent == work / speaker
        assert clip.name != reference.name


def test_without_speech_it_says_how_to_make_some(tmp_path):
    result = CliRunner().invoke(main, ["--work", str(tmp_path)])
    assert result.exit_code != 0
    assert "python -m demo.speech" in result.output


def test_a_phone_starts_near_the_token_it_is_said_as(work):
    clips = read_corpus(work, has_sound=False).training.clips
    counts = sounds_of_phones(clips, SEMANTIC.num_phonemes)
    assert counts[7].argmax() == label_ids()["iy"]
    sizes = replace(SEMANTIC, dim=256)
    start = start_values(clips, sizes)
    assert start.phones is not None
    assert start.tokens is not None
    assert start.head is not None
    pure = torch.from_numpy(code_table().of_label)
    likeness = torch.cosine_similarity(start.phones[7][None], start.tokens[pure])
    assert likeness.argmax() == label_ids()["iy"]
    assert likeness.max() > 0.8
    assert torch.cosine_similarity(start.head, start.tokens).min() > 0.99


def test_tokens_are_read_as_sounds_without_pauses():
    table, ids = code_table(), label_ids()
    frames = np.repeat([ids["pau"], ids["m"], ids["iy"], ids["pau"], ids["iy"]], 4)
    heard = read_tokens(table.encode(frames))
    assert len(heard) == 3
    assert heard[1] == heard[2] != heard[0]


def test_semantic_training_goes_on_with_more_speech_and_measures_wrong_phones(work):
    _, first = train_semantic(work, 2)
    assert {"nll", "nll_joined", "per_en", "per_en_prompted"} <= first.evaluation.keys()
    say(work / "rms")
    trainee, second = train_semantic(work, 3)
    assert second.num_steps == 3
    assert len((work / "runs" / "semantic" / "history.jsonl").read_text().splitlines()) == 5
    assert not trainee.weights()["bert_projection.weight"].any()


def test_acoustic_stages_go_on_with_one_another(work):
    with pytest.raises(MissingStage, match="acoustic-autoencoder"):
        train_acoustic(work, "acoustic-joint")
    assert train_acoustic(work, "acoustic-autoencoder", 2).is_finished
    before = newest_networks(work / "runs", ACOUSTIC)[0].state_dict()
    assert train_acoustic(work, "acoustic-joint").evaluation.keys() == {"copy_mel", "token_mel"}
    after, remark = newest_networks(work / "runs", ACOUSTIC)
    assert remark == "acoustic-joint_1"
    name = "model.dec.conv_pre.weight"
    steps = (after.state_dict()[name] - before[name]).abs()
    assert 0 < steps.max() < 0.01  # one step further, not anew


def test_the_files_are_a_base_for_voices_and_references_with_their_text(work):
    train_semantic(work)
    train_acoustic(work, "acoustic-autoencoder")
    SslModel().save(work / "ssl" / "model")
    out = work / "out"
    lines = list(assemble(work, out, semantic_sizes=SEMANTIC, acoustic_sizes=ACOUSTIC))
    bases = find_bases(out / "base" / "semantic.ckpt", out / "base" / "decoder.pth")
    assert bases.version.name == "v2"
    model = VitsModel.from_checkpoint(read_checkpoint(bases.acoustic))
    codebook = torch.from_numpy(code_table().codebook(SSL_DIM))
    torch.testing.assert_close(model.quantizer.codebook, codebook, rtol=1e-3, atol=0)
    assert model.quantizer.ssl_proj.weight.abs().sum(dim=(1, 2)).count_nonzero() > 0
    samples, rate_hz = soundfile.read(out / "voices" / "Wren" / "reference.wav")
    assert len(samples) / rate_hz == NUM_TOKENS / 25
    assert rate_hz == RATE_HZ
    assert (out / "voices" / "Wren" / "reference.txt").read_text() == "Said by slt: reply.\n"
    assert any(line.startswith("Bram has no reference") for line in lines)
    assert HubertEncoder(out / "ssl").dim == SSL_DIM
    assert load_file(out / "ssl" / "model.safetensors")["encoder.layer_norm.weight"].dtype == torch.float16


def untrained_ear(folder: Path) -> tuple[HubertEncoder, SemanticQuantizer]:
    SslModel().save(folder / "ssl")
    return HubertEncoder(folder / "ssl"), make_quantizer(load_head(folder / "ssl"))


def test_of_references_alike_the_one_that_is_heard_right_is_taken(tmp_path, monkeypatch):
    writer = ShardWriter(tmp_path / "slt", 0)
    for text in ("One.", "Two.", "Three."):
        samples = np.zeros(NUM_TOKENS * SAMPLES_PER_TOKEN, np.int16)
        writer.add("reply", text, "en", np.array([5, 6, 7, 8]), Recording(samples, runs()))
    writer.write()
    rightness = {"One.": 0.2, "Two.": 0.9, "Three.": 0.5}
    monkeypatch.setattr(
        "demo.speech.assembly.measure",
        lambda features_of, quantizer, clips: {"tokens": rightness[clips[0].text]},
    )
    assert choose_reference(tmp_path / "slt", "en", *untrained_ear(tmp_path)).text == "Two."


@pytest.mark.parametrize(
    "text", ["storms I like.", "Storms. I like them.", "Do you like storms?", "I like (storms)"]
)
def test_a_reference_is_one_whole_statement(tmp_path, text):
    writer = ShardWriter(tmp_path / "slt", 0)
    samples = np.zeros(NUM_TOKENS * SAMPLES_PER_TOKEN, np.int16)
    writer.add("reply", text, "en", np.array([5, 6, 7, 8]), Recording(samples, runs()))
    writer.write()
    with pytest.raises(NoReference):
        choose_reference(tmp_path / "slt", "en", *untrained_ear(tmp_path))


def test_nothing_trained_cannot_be_assembled(work):
    result = CliRunner().invoke(main, ["--work", str(work), "--assemble", str(work / "out")])
    assert result.exit_code != 0
    assert "no semantic stage" in result.output
