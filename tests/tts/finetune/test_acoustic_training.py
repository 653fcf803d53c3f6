"""Acoustic training: every phase moves what it shall and nothing else, learns, and resumes bit for bit."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from runtime.stop_flag import StopFlag
from tests.tts.finetune.acoustic_cases import hum, tiny_networks
from tts.checkpoint import read_checkpoint
from tts.decoders.vits_decoder import VitsDecoder
from tts.finetune.acoustic_batches import AcousticBatches
from tts.finetune.acoustic_check import AcousticCheck
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_settings import (
    ADVERSARIAL,
    AUTOENCODER,
    FINE_TUNING,
    JOINT,
    NEW_POSTERIOR,
    SPEAKING,
    TEXT_SIDE,
    AcousticSettings,
)
from tts.finetune.acoustic_trainee import AcousticTrainee
from tts.finetune.acoustic_training import train_acoustic
from tts.finetune.training_loop import LoopSettings
from tts.finetune.training_progress import Progress

PHASES = {
    "autoencoder": AUTOENCODER,
    "joint": JOINT,
    "adversarial": ADVERSARIAL,
    "text side": TEXT_SIDE,
    "new posterior": NEW_POSTERIOR,
    "speaking": SPEAKING,
}
DECODER = {"enc_q", "model.dec", "model.ref_enc"}
TEXT = {"model.enc_p", "model.flow"}
MOVED = {
    "autoencoder": DECODER,
    "joint": DECODER | TEXT,
    "adversarial": DECODER | TEXT | {"discriminators"},
    "text side": TEXT,
    "new posterior": {"enc_q"},
    "speaking": DECODER | TEXT,
}


def small(settings: AcousticSettings) -> AcousticSettings:
    return replace(settings, window_tokens=12, segment_frames=8, reference_frames=20)


def part_of(name: str) -> str:
    first, second = name.split(".")[:2]
    return f"{first}.{second}" if first == "model" else first


def steps(trainee: AcousticTrainee, batches: AcousticBatches, number: int) -> list[dict[str, float]]:
    losses = []
    for step in range(number):
        torch.manual_seed(step)
        losses.append({n: float(v) for n, v in trainee.train_step(batches.draw(step, 2, 0)).items()})
    return losses


@pytest.mark.parametrize("phase", PHASES)
def test_a_phase_moves_its_parts_and_no_others(phase: str) -> None:
    networks = tiny_networks()
    before = {name: tensor.clone() for name, tensor in networks.state_dict().items()}
    settings = small(PHASES[phase])
    steps(
        AcousticTrainee(networks, settings, 3),
        AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings),
        2,
    )
    moved = {part_of(n) for n, tensor in networks.state_dict().items() if not torch.equal(tensor, before[n])}
    assert moved == MOVED[phase]


def test_the_posterior_is_left_in_peace_while_the_text_side_is_fresh() -> None:
    settings = small(replace(JOINT, detached_steps=1, mel_weight=0.0, stft_weight=0.0))
    networks = tiny_networks()
    trainee = AcousticTrainee(networks, settings, 3)
    batches = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings)
    steps(trainee, batches, 1)
    assert not any(bool(p.grad.any()) for p in networks.enc_q.parameters() if p.grad is not None)
    steps(trainee, batches, 1)
    assert bool(networks.enc_q.proj.weight.grad.any())


@pytest.mark.parametrize("loss", ["mel", "stft", "envelope"])
def test_every_distance_of_sounds_teaches_the_decoder_by_its_weight(loss: str) -> None:
    weights = dict.fromkeys(("mel_weight", "stft_weight", "envelope_weight", "kl_weight"), 0.0)

    def gradient(weight: float) -> torch.Tensor:
        settings = small(replace(SPEAKING, **{**weights, f"{loss}_weight": weight}, max_gradient_norm=1e9))
        networks = tiny_networks()
        batches = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings)
        (told,) = steps(AcousticTrainee(networks, settings, 3), batches, 1)
        assert told[loss] > 0
        return networks.model.dec.conv_pre.weight.grad

    assert bool(gradient(1.0).any())
    assert torch.allclose(gradient(3.0), 3 * gradient(1.0), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_text_learns_from_the_sound_of_what_it_foretells(share: float) -> None:
    settings = small(replace(SPEAKING, foretold_share=share, kl_weight=0.0))
    networks = tiny_networks()
    batches = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings)
    steps(AcousticTrainee(networks, settings, 3), batches, 1)

    def learns(part: torch.nn.Module) -> bool:
        return any(bool(p.grad.any()) for p in part.parameters() if p.grad is not None)

    assert learns(networks.model.enc_p) == learns(networks.model.flow) == (share > 0)
    assert learns(networks.enc_q) == (share < 1)


def test_the_first_rows_are_foretold_and_the_others_recorded() -> None:
    settings = small(replace(SPEAKING, foretold_share=0.5))
    networks = tiny_networks()
    for parameter in networks.model.flow.parameters():
        torch.nn.init.normal_(parameter, std=0.1)  # a fresh flow changes nothing, neither way
    trainee = AcousticTrainee(networks, settings, 1)
    batch = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings).draw(0, 2, 0)
    ge = trainee._voice_vector(batch)
    prior = trainee._foretell(batch, ge)
    certain = prior._replace(log_scale=torch.full_like(prior.log_scale, -50.0))
    recorded = torch.randn(2, *prior.mean.shape[1:])
    mixed = trainee._mix(recorded, ge, certain)
    flow = networks.model.flow
    assert torch.allclose(flow(mixed, flow.project_condition(ge))[0], prior.mean[0], atol=1e-5)
    assert torch.equal(mixed[1], recorded[1])


class EchoDecoder(torch.nn.Module):
    """Says each frame's first channel 640 times."""

    def project_condition(self, ge: torch.Tensor) -> None:
        return None

    def forward(self, frames: torch.Tensor, condition: None) -> torch.Tensor:
        return frames[:, :1].repeat_interleave(640, dim=2)


def test_what_is_decoded_lies_in_step_with_the_recording() -> None:
    networks = tiny_networks()
    trainee = AcousticTrainee(networks, small(AUTOENCODER), 1)
    batch = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, small(AUTOENCODER)).draw(0, 2, 0)
    networks.model.dec = EchoDecoder()
    frames = batch.waveform.view(2, -1, 640)[:, None, :, 0]
    sound = trainee._decode(batch, torch.zeros(0), frames)
    assert sound.made.shape == sound.recorded.shape == (2, 8 * 640)
    assert torch.equal(sound.made[:, ::640], sound.recorded[:, ::640])


def test_text_learns_at_its_own_rate() -> None:
    networks = tiny_networks()
    trainee = AcousticTrainee(networks, replace(small(FINE_TUNING), warmup_steps=4), 8)
    steps(trainee, AcousticBatches([hum()], networks.model, small(FINE_TUNING)), 1)
    state = trainee.state_dict()["voice_optimizer"]
    usual, slow = state["param_groups"]
    assert usual["lr"] == pytest.approx(1e-4 / 4)
    assert slow["lr"] == pytest.approx(0.4e-4 / 4)
    mrte_and_text = [n for n, _ in networks.model.enc_p.named_parameters() if not n.startswith("encoder2")]
    assert len(slow["params"]) == len([n for n in mrte_and_text if n.split(".")[0] in SLOW])


SLOW = {"text_embedding", "encoder_text", "mrte"}


def test_a_clip_is_learned_in_seconds() -> None:
    networks = tiny_networks()
    settings = replace(small(AUTOENCODER), learning_rate=5e-3, warmup_steps=0, stft_weight=0.0)
    trainee = AcousticTrainee(networks, settings, 100)
    losses = steps(trainee, AcousticBatches([hum(seed=1)], networks.model, settings), 40)
    assert losses[-1]["mel"] < 0.6 * losses[0]["mel"]


def test_a_new_posterior_finds_what_a_frozen_decoder_understands() -> None:
    networks = tiny_networks()
    autoencoder = replace(small(AUTOENCODER), learning_rate=5e-3, warmup_steps=0, stft_weight=0.0)
    batches = AcousticBatches([hum(seed=1)], networks.model, autoencoder)
    steps(AcousticTrainee(networks, autoencoder, 100), batches, 25)
    for parameter in networks.enc_q.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    settings = replace(small(NEW_POSTERIOR), learning_rate=5e-3, warmup_steps=0, kl_weight=0.0)
    losses = steps(AcousticTrainee(networks, settings, 100), batches, 25)
    assert losses[-1]["mel"] < 0.9 * losses[0]["mel"]


def test_the_text_side_learns_to_foretell_the_posterior() -> None:
    networks = tiny_networks()
    settings = replace(small(TEXT_SIDE), learning_rate=5e-3)
    trainee = AcousticTrainee(networks, settings, 100)
    losses = steps(trainee, AcousticBatches([hum(seed=1)], networks.model, settings), 25)
    assert losses[-1]["kl"] < 0.6 * losses[0]["kl"]


def test_an_adversarial_step_gives_the_decoder_the_discriminators_gradient() -> None:
    """The two-in-one backward pass equals the sum of losses, differentiated in the plain way."""
    settings = small(replace(ADVERSARIAL, learning_rate=0.0, discriminator_rate=0.0, max_gradient_norm=1e9))
    networks = tiny_networks()
    batches = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings)
    trainee = AcousticTrainee(networks, settings, 1)
    steps(trainee, batches, 1)
    with_judges = networks.model.dec.conv_post.weight.grad.clone()
    judges = networks.discriminators.discriminators[0].conv_post.weight.grad.clone()
    alone = AcousticTrainee(networks, replace(settings, is_adversarial=False), 1)
    steps(alone, batches, 1)
    from_judges = with_judges - networks.model.dec.conv_post.weight.grad

    plain = _plain_adversarial_gradients(networks, alone, batches, settings)
    assert torch.allclose(from_judges, plain[0], rtol=1e-3, atol=1e-5 * float(with_judges.abs().max()))
    assert torch.allclose(judges, plain[1], rtol=1e-4, atol=1e-7)


def _plain_adversarial_gradients(networks, trainee, batches, settings):
    from tts.finetune.acoustic_losses import deception_loss, discriminator_loss, feature_loss

    torch.manual_seed(0)
    batch = batches.draw(0, 2, 0)
    ge = trainee._voice_vector(batch)
    sound = trainee._decode(batch, ge, trainee._encode(batch, ge).latents)
    for parameter in networks.discriminators.parameters():
        parameter.requires_grad_(True)
    real = networks.discriminators(sound.recorded[:, None])
    fake = networks.discriminators(sound.made[:, None])
    teaching = deception_loss(fake) + settings.feature_weight * feature_loss(real, fake)
    (decoder,) = torch.autograd.grad(teaching, networks.model.dec.conv_post.weight, retain_graph=True)
    fake = networks.discriminators(sound.made.detach()[:, None])
    last = networks.discriminators.discriminators[0].conv_post.weight
    (judge,) = torch.autograd.grad(discriminator_loss(real, fake), last)
    return decoder, judge


def run(folder: Path, networks: AcousticNetworks, num_steps: int, stop_after: int = 0):
    clips = [hum(seed=seed) for seed in range(4)]
    settings = small(replace(ADVERSARIAL, average_decay=0.9))
    stop = StopFlag()
    loop = LoopSettings(num_steps=num_steps, batch_size=2, save_every=0, eval_every=0, log_every=2)
    return train_acoustic(
        clips,
        networks,
        folder,
        loop,
        settings,
        held_out=AcousticCheck(clips[:2]),
        stop=stop,
        progress=StopAfter(stop_after, stop),
    )


class StopAfter(Progress):
    """Asks the run to end after so many steps."""

    def __init__(self, num_steps: int, stop: StopFlag) -> None:
        super().__init__("", echo=lambda *_, **__: None)
        self._last, self._stop = num_steps, stop

    def advance(self, step: int) -> None:
        if step == self._last:
            self._stop.set()


def test_interrupted_and_resumed_is_the_same_run(tmp_path: Path) -> None:
    whole = tiny_networks()
    trainee, result = run(tmp_path / "whole", whole, 3)
    assert result.is_finished
    assert set(result.evaluation) == {"copy_mel", "token_mel"}

    first = tiny_networks()
    _, result = run(tmp_path / "parts", first, 3, stop_after=1)
    assert not result.is_finished
    assert result.num_steps == 1
    second = tiny_networks(seed=8)  # whose weights are all taken from the checkpoint
    resumed, result = run(tmp_path / "parts", second, 3)
    assert result.is_finished
    for name, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name
    trainee.export(tmp_path / "a.pth")
    resumed.export(tmp_path / "b.pth")
    assert (tmp_path / "a.pth").read_bytes() == (tmp_path / "b.pth").read_bytes()

    again = tiny_networks(seed=9)
    run(tmp_path / "parts", again, 3)  # is finished: nothing is trained, everything is loaded
    assert torch.equal(again.model.dec.conv_pre.weight, whole.model.dec.conv_pre.weight)
    VitsDecoder.from_checkpoint(read_checkpoint(tmp_path / "b.pth"))


def test_resuming_does_not_bring_back_an_old_codebook() -> None:
    settings = small(AUTOENCODER)
    state = AcousticTrainee(tiny_networks(), settings, 1).state_dict()
    networks = tiny_networks()
    networks.model.quantizer.codebook.fill_(7.0)
    AcousticTrainee(networks, settings, 1).load_state_dict(state)
    assert bool((networks.model.quantizer.codebook == 7).all())


def test_the_average_is_what_is_measured_and_written(tmp_path: Path) -> None:
    networks = tiny_networks()
    settings = small(replace(AUTOENCODER, average_decay=0.99, learning_rate=0.05))
    trainee = AcousticTrainee(networks, settings, 4)
    start = networks.model.dec.conv_pre.weight.detach().clone()
    steps(trainee, AcousticBatches([hum()], networks.model, settings), 3)
    trained = networks.model.dec.conv_pre.weight.detach().clone()
    trainee.export(tmp_path / "voice.pth")
    written = read_checkpoint(tmp_path / "voice.pth").weights["dec.conv_pre.weight"].float()
    assert torch.equal(networks.model.dec.conv_pre.weight, trained)
    assert float((written - start).abs().max()) < float((trained - start).abs().max())
    trainee.adopt_average()
    assert torch.allclose(networks.model.dec.conv_pre.weight, written, atol=1e-3)


def test_bfloat16_runs_through_every_phase() -> None:
    for phase in (ADVERSARIAL, TEXT_SIDE):
        networks = tiny_networks("v2Pro")
        settings = small(replace(phase, precision="bfloat16"))
        batches = AcousticBatches([hum(seed=1), hum(seed=2)], networks.model, settings)
        (losses,) = steps(AcousticTrainee(networks, settings, 2), batches, 1)
        assert all(torch.isfinite(torch.tensor(list(losses.values()))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trains_posterior": False, "trains_decoder": False, "trains_text": False}, "nothing learns"),
        ({"has_prior": False}, "trains_text needs has_prior"),
        ({"trains_decoder": False}, "is_adversarial needs trains_decoder"),
        ({"trains_text": False, "has_prior": False, "foretold_share": 0.5}, "foretold_share needs has_prior"),
        ({"segment_frames": 2}, "segment_frames must be 4"),
        ({"text_low_lr_rate": 1.5}, "text_low_lr_rate must be from 0 to 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AcousticSettings(**change)
