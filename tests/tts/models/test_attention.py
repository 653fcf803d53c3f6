"""Relative attention against its definition in loops, and the shapes of its neighbours."""

import math

import pytest
import torch

from tts.models.attention import AttentionEncoder, ChannelNorm, FeedForward, MultiHeadAttention


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def relative_attention_in_loops(layer: MultiHeadAttention, x: torch.Tensor) -> torch.Tensor:
    q, k, v = (conv(x)[0].T for conv in (layer.conv_q, layer.conv_k, layer.conv_v))
    length, dim, reach = x.shape[2], layer.head_dim, layer.window
    out = torch.zeros(length, layer.num_heads * dim)
    for head in range(layer.num_heads):
        part = slice(head * dim, (head + 1) * dim)
        for i in range(length):
            scores = []
            for j in range(length):
                key = k[j, part].clone()
                if abs(j - i) <= reach:
                    key += layer.emb_rel_k[0, j - i + reach]
                scores.append(q[i, part] @ key / math.sqrt(dim))
            weights = torch.softmax(torch.stack(scores), 0)
            for j in range(length):
                value = v[j, part].clone()
                if abs(j - i) <= reach:
                    value += layer.emb_rel_v[0, j - i + reach]
                out[i, part] += weights[j] * value
    return layer.conv_o(out.T[None])


@pytest.mark.parametrize("length", [1, 2, 5, 13])
def test_relative_attention_is_its_definition(length: int) -> None:
    layer = MultiHeadAttention(8, 2, window=4)
    with torch.no_grad():
        layer.emb_rel_k.normal_()
        layer.emb_rel_v.normal_()
        x = torch.randn(1, 8, length)
        assert torch.allclose(layer(x, x), relative_attention_in_loops(layer, x), atol=1e-5)


def test_cross_attention_ignores_the_order_of_the_context() -> None:
    layer = MultiHeadAttention(8, 4)
    x, context = torch.randn(1, 8, 3), torch.randn(1, 8, 6)
    assert torch.allclose(layer(x, context), layer(x, context.flip(2)), atol=1e-6)


def test_channel_norm_normalises_over_channels() -> None:
    y = ChannelNorm(16)(torch.randn(2, 16, 5) * 7 + 3)
    assert torch.allclose(y.mean(1), torch.zeros(2, 5), atol=1e-5)
    assert torch.allclose(y.var(1, unbiased=False), torch.ones(2, 5), atol=1e-3)


@pytest.mark.parametrize("kernel", [1, 3, 4, 5])
def test_feed_forward_keeps_the_length(kernel: int) -> None:
    assert FeedForward(4, 8, kernel)(torch.randn(1, 4, 9)).shape == (1, 4, 9)


def test_encoder_sees_the_whole_sentence() -> None:
    encoder = AttentionEncoder(8, 16, num_heads=2, num_layers=2, kernel_size=3, window=4).requires_grad_(
        False
    )
    x = torch.randn(1, 8, 40)
    changed = x.clone()
    changed[..., -1] += 1
    assert float((encoder(changed) - encoder(x))[..., 0].abs().max()) > 0


@pytest.mark.parametrize("length", [1, 3, 9])
def test_what_fills_up_a_short_sequence_changes_nothing(length: int) -> None:
    encoder = AttentionEncoder(8, 16, 2, num_layers=2, kernel_size=3, window=4)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    x = torch.randn(2, 8, 9)
    is_real = torch.arange(9).expand(2, -1) < torch.tensor([[length], [9]])
    together = encoder(x, is_real)
    assert torch.allclose(together[:1, :, :length], encoder(x[:1, :, :length]), atol=1e-5)
    assert torch.allclose(together[1:], encoder(x[1:]), atol=1e-5)


def test_cross_attention_looks_at_what_is_real_only() -> None:
    layer = MultiHeadAttention(8, 4)
    x, context = torch.randn(1, 8, 3), torch.randn(1, 8, 6)
    is_real = torch.tensor([[True, True, False, False, False, False]])
    assert torch.allclose(layer(x, context, is_real), layer(x, context[..., :2]), atol=1e-6)
