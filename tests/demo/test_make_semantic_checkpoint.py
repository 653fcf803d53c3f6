"""The maker of untrained semantic checkpoints: real form, repeatable, endings as asked."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from demo.make_semantic_checkpoint import PRESETS, REAL, main, make_semantic
from tts.checkpoint import read_checkpoint
from tts.models.semantic import SemanticModel


def test_same_seed_same_tensors(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_semantic(tmp_path / name, seed=seed)
    a, b, c = (read_checkpoint(tmp_path / name).weights for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["model.bert_proj.weight"], c["model.bert_proj.weight"])


@pytest.mark.parametrize(("eos", "least", "most"), [("never", -140.0, -60.0), ("likely", 2.0, 8.0)])
def test_the_end_token_has_the_logit_asked_for(tmp_path: Path, eos: str, least: float, most: float) -> None:
    make_semantic(tmp_path / "a", eos=eos)
    model = SemanticModel.from_checkpoint(read_checkpoint(tmp_path / "a"))
    dice = torch.Generator().manual_seed(1)
    phones, tokens = (torch.randint(0, 700, (50,), generator=dice) for _ in range(2))
    with torch.inference_mode():
        logits = model(phones, torch.randn(model.bert_dim, 50, generator=dice), tokens)
    end = logits[:, model.eos_id]
    assert least < end.min()
    assert end.max() < most
    others = logits[:, : model.eos_id]
    assert 1.0 < others.std() < 4.0


def test_unknown_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="eos must be one of never, likely, not 'soon'"):
        make_semantic(tmp_path / "a", eos="soon")


def test_the_real_preset_has_the_published_sizes() -> None:
    assert PRESETS["real"] == REAL
    assert (REAL.num_layers, REAL.dim, REAL.num_heads, REAL.ff_dim) == (24, 512, 16, 2048)
    assert (REAL.bert_dim, REAL.num_phonemes, REAL.num_tokens, REAL.eos_id) == (1024, 732, 1025, 1024)


def test_the_command_writes_a_file_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "gpt.ckpt"
    result = CliRunner().invoke(main, [str(path), "--eos", "likely", "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert str(path.stat().st_size) in result.output
    assert read_checkpoint(path).kind == "semantic"
