"""Merging LoRA files: whole tensors replace, pairs are added, and what does not fit is named."""

import pytest
import torch

from tts.checkpoint import BadCheckpoint
from tts.models.adapter_merge import merge_adapter

STEM = "estimator.transformer_blocks.0.attn.to_q"
BASE = {
    f"cfm.{STEM}.weight": torch.ones(4, 3).half(),
    f"cfm.{STEM}.bias": torch.zeros(4),
    "cfm.estimator.rotary_embed.inv_freq": torch.zeros(2),
    "bridge.0.weight": torch.zeros(2, 2, 1),
    "enc_p.proj.bias": torch.full((2,), 5.0),
}
DOWN, UP = torch.randn(2, 3).half(), torch.randn(4, 2).half()
ADAPTER = {
    f"cfm.base_model.model.{STEM}.lora_A.default.weight": DOWN,
    f"cfm.base_model.model.{STEM}.lora_B.default.weight": UP,
    "cfm.base_model.model.estimator.rotary_embed.inv_freq": torch.ones(2),
    "bridge.0.weight": torch.full((2, 2, 1), 3.0),
}


def test_pairs_are_added_and_whole_tensors_replaced() -> None:
    merged = merge_adapter(ADAPTER, BASE, "lora.pth")
    assert merged.keys() == BASE.keys()
    assert torch.equal(merged[f"cfm.{STEM}.weight"], 1 + UP.float() @ DOWN.float())
    assert torch.equal(merged["cfm.estimator.rotary_embed.inv_freq"], torch.ones(2))
    assert torch.equal(merged["bridge.0.weight"], torch.full((2, 2, 1), 3.0))
    assert torch.equal(merged["enc_p.proj.bias"], BASE["enc_p.proj.bias"])
    assert torch.equal(BASE[f"cfm.{STEM}.weight"], torch.ones(4, 3).half()), "the base stays as it is"


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        (
            {f"cfm.base_model.model.{STEM}.lora_B.default.weight": torch.ones(5, 2)},
            r"\(5, 2\) times \(2, 3\)",
        ),
        ({f"cfm.base_model.model.{STEM}.lora_A.default.weight": torch.ones(1, 3)}, r"does not give \(4, 3\)"),
        ({"bridge.0.weight": torch.ones(9, 2, 1)}, r"bridge\.0\.weight has shape \(9, 2, 1\)"),
        ({"cfm.base_model.model.estimator.x.lora_A.default.weight": DOWN}, r"cfm\.estimator\.x lacks a half"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, torch.Tensor], match: str) -> None:
    with pytest.raises(BadCheckpoint, match=r"lora\.pth.*does not fit its base model.*" + match):
        merge_adapter({**ADAPTER, **changed}, BASE, "lora.pth")
