"""The semantic model: upstream's numbers, prefill and steps equal teacher forcing, strict loading."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.make_semantic_checkpoint import SMALL, make_semantic
from tests.tts.forged_files import saved
from tts.checkpoint import BadCheckpoint, read_checkpoint
from tts.key_value_cache import KeyValueCache
from tts.models.semantic import SemanticModel
from tts.models.semantic_layout import checkpoint_names

PARITY = Path(__file__).parents[2] / "data" / "parity"
INDEX = {row["name"]: row for row in json.loads((PARITY / "index.json").read_text("utf-8"))["goldens"]}


@pytest.fixture(scope="module")
def models() -> dict[str, SemanticModel]:
    return {
        name: SemanticModel.from_checkpoint(read_checkpoint(PARITY / "weights" / f"s1_{name}.ckpt"))
        for name in ("v1", "v2")
    }


def golden(name: str) -> dict[str, torch.Tensor]:
    with np.load(PARITY / "golden" / f"{name}.npz") as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays.files}


def tolerance(name: str, output: str) -> float:
    return INDEX[name]["outputs"][output]["tol"]


@pytest.mark.parametrize("suffix", ["", "_noprompt"])
@pytest.mark.parametrize("name", ["v1", "v2"])
def test_teacher_forcing_gives_upstreams_logits(models: dict, name: str, suffix: str) -> None:
    arrays = golden(f"s1_{name}{suffix}")
    prompt = arrays.get("in_prompt", torch.zeros(0, dtype=torch.int64))
    tokens = torch.cat([prompt, arrays["out_tokens"]])
    with torch.inference_mode():
        logits = models[name](arrays["in_phones"], arrays["in_bert"], tokens)
    wanted = arrays["out_step_logits"]
    got = logits[len(prompt) : len(prompt) + len(wanted)]
    assert (got - wanted).abs().max() <= tolerance(f"s1_{name}{suffix}", "out_step_logits")
    difference = (logits[len(prompt)] - arrays["out_prefill_logits"]).abs().max()
    assert difference <= tolerance(f"s1_{name}{suffix}", "out_prefill_logits")


def test_the_mute_tokens_neighbours_are_upstreams(models: dict) -> None:
    got = models["v2"].mute_similarity()
    assert (got - golden("s1_mute_similarity")["out_sim"]).abs().max() <= tolerance(
        "s1_mute_similarity", "out_sim"
    )


def test_steps_of_rows_of_different_length_equal_teacher_forcing(models: dict) -> None:
    model = models["v2"]
    dice = torch.Generator().manual_seed(5)
    rows = []
    for num_phones, num_prompt in ((9, 4), (21, 0), (5, 30)):
        phones = torch.randint(0, 732, (num_phones,), generator=dice)
        bert = torch.randn(model.bert_dim, num_phones, generator=dice)
        rows.append((phones, bert, torch.randint(0, 1024, (num_prompt + 6,), generator=dice), num_prompt))
    with torch.inference_mode():
        caches, got = [], []
        for phones, bert, tokens, num_prompt in rows:
            caches.append(model.new_cache(len(phones) + len(tokens)))
            got.append([model.prefill(phones, bert, tokens[:num_prompt], caches[-1])])
        for i in range(6):
            new = torch.stack([tokens[num_prompt + i] for _, _, tokens, num_prompt in rows])
            positions = torch.tensor([num_prompt + i for *_, num_prompt in rows])
            for row, logits in zip(got, model.step(new, positions, caches), strict=True):
                row.append(logits)
        for (phones, bert, tokens, num_prompt), row in zip(rows, got, strict=True):
            wanted = model(phones, bert, tokens)[num_prompt:]
            assert (torch.stack(row) - wanted).abs().max() < 2e-5


def test_text_sees_all_text_and_tokens_see_only_the_past(models: dict) -> None:
    model = models["v1"]
    dice = torch.Generator().manual_seed(6)
    phones = torch.randint(0, 512, (8,), generator=dice)
    bert = torch.randn(model.bert_dim, 8, generator=dice)
    tokens = torch.randint(0, 1024, (5,), generator=dice)
    with torch.inference_mode():
        first = model(phones, bert, tokens)
        later = tokens.clone()
        later[3] = (later[3] + 1) % 1024
        changed = model(phones, bert, later)
        assert torch.equal(first[:4], changed[:4])
        assert not torch.allclose(first[4:], changed[4:])
        other_end = phones.clone()
        other_end[7] = (other_end[7] + 1) % 512
        assert not torch.allclose(first[0], model(other_end, bert, tokens)[0])


def test_sizes_come_from_the_file(tmp_path: Path, models: dict) -> None:
    assert (models["v1"].num_phonemes, models["v2"].num_phonemes) == (512, 732)
    assert (models["v1"].bert_dim, models["v1"].num_tokens, models["v1"].eos_id) == (96, 1025, 1024)
    make_semantic(tmp_path / "a.ckpt")
    model = SemanticModel.from_checkpoint(read_checkpoint(tmp_path / "a.ckpt"))
    assert model.sizes == SMALL
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_names_are_those_of_the_file_and_back(models: dict) -> None:
    weights = read_checkpoint(PARITY / "weights" / "s1_v2.ckpt").weights
    names = checkpoint_names(3)
    state = models["v2"].state_dict()
    assert set(names) == set(state)
    assert set(names.values()) == set(weights)
    assert all(torch.equal(state[own].half(), weights[theirs]) for own, theirs in names.items())


def changed(folder: Path, change) -> Path:
    make_semantic(folder / "good.ckpt")
    checkpoint = read_checkpoint(folder / "good.ckpt")
    content = {
        "weight": dict(checkpoint.weights),
        "config": {"model": dict(checkpoint.config["model"])},
        "info": "",
    }
    change(content["weight"], content["config"]["model"])
    path = folder / "changed.ckpt"
    path.write_bytes(saved(content))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w, m: m.update(head=5), "5 heads cannot share a width of 64"),
        (lambda w, m: m.update(head="4"), r"config\.model\.head is not a whole number"),
        (lambda w, m: m.pop("EOS"), r"config\.model\.EOS is not a whole number"),
        (lambda w, m: m.update(EOS=1025), "its end token 1025 is none of its 1025"),
        (lambda w, m: m.update(n_layer=2), r"config\.model\.n_layer is 2, its tensors say 3"),
        (lambda w, m: m.update(hidden_dim=32), "hidden_dim is 32, its tensors say 64"),
        (lambda w, m: w.pop("model.h.layers.1.norm1.bias"), r"missing blocks\.1\.norm1\.bias"),
        (lambda w, m: w.pop("model.bert_proj.weight"), r"missing tensor model\.bert_proj\.weight"),
        (lambda w, m: w.update(other=torch.ones(1)), "left over other"),
        (lambda w, m: w.update({"model.bert_proj.bias": torch.ones(3)}), r"shape \(3,\) instead of \(64,\)"),
    ],
)
def test_misfits_are_refused_by_name(tmp_path: Path, change, words: str) -> None:
    with pytest.raises(BadCheckpoint, match=rf"changed\.ckpt: .*{words}"):
        SemanticModel.from_checkpoint(read_checkpoint(changed(tmp_path, change)))


def test_an_acoustic_file_is_refused(tmp_path: Path) -> None:
    weights = {
        "enc_p.text_embedding.weight": torch.ones(322, 2),
        "ref_enc.spectral.0.fc.weight": torch.ones(2, 9),
    }
    path = tmp_path / "voice.pth"
    path.write_bytes(saved({"weight": weights, "config": {"model": {}}}))
    with pytest.raises(BadCheckpoint, match=r"voice\.pth: is a SoVITS \(s2\) file where a GPT"):
        SemanticModel.from_checkpoint(read_checkpoint(path))


def test_a_cache_keeps_its_place_and_knows_its_end() -> None:
    cache = KeyValueCache(num_layers=2, num_heads=3, head_dim=4, capacity=5)
    assert cache.capacity % 256 == 0
    new, everything = cache.append(3)
    assert [part.shape for part in new] == [(2, 3, 3, 4)] * 2
    new[1].fill_(1.0)
    address = everything[1].data_ptr()
    new, everything = cache.append(1)
    new[1].fill_(2.0)
    assert everything[1].data_ptr() == address
    assert everything[1][0, 0, :, 0].tolist() == [1, 1, 1, 2]
    with pytest.raises(IndexError, match="do not fit"):
        cache.append(cache.capacity)
    cache.clear()
    assert cache.append(1)[1][0].shape == (2, 3, 1, 4)
