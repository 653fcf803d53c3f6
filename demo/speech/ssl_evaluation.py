"""How well the SSL encoder hears: sounds of frames, tokens, and which sounds are left after the tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from demo.speech.recording import RATE_HZ
from demo.speech.shards import ShardClip
from demo.speech.tokens import code_table, label_parts
from tts.audio import resample
from tts.edit_distance import edit_distance
from tts.models.hubert import SAMPLE_RATE_HZ, TAIL_SAMPLES
from tts.models.quantizer import SemanticQuantizer

UNKNOWN_TONE = -1


@torch.no_grad()
def measure(
    features_of: Callable[[Tensor], Tensor], quantizer: SemanticQuantizer, clips: Sequence[ShardClip]
) -> Mapping[str, float]:
    """Hears clips as the engine hears references, with the silent tail.

    Args:
        features_of: samples (N,) at 16 kHz, the tail included -> SSL features (1, T, C).
        quantizer: of a voice.
        clips: labelled speech.

    Returns:
        `phones`: share of frames whose phone the token says right; `tones`: the same for the tones of frames
        that have one and tokens that say one; `tokens`: share of tokens equal to those made from the labels;
        `errors`: edit distance of the phones in a row, by how many there are.
    """
    table = code_table()
    phone_of, tone_of = label_parts()
    num_frames, right_phones, num_toned, right_tones = 0, 0, 0, 0
    num_tokens, right_tokens, num_phones, errors = 0, 0, 0, 0
    for clip in clips:
        samples = resample(clip.samples().astype(np.float32) / 32768, RATE_HZ, SAMPLE_RATE_HZ)
        padded = torch.nn.functional.pad(torch.from_numpy(samples), (0, TAIL_SAMPLES))
        tokens = quantizer.encode(quantizer.project(features_of(padded))).cpu().numpy()[: clip.num_tokens]
        wanted = table.encode(clip.labels)
        right_tokens += int((tokens == wanted).sum())
        num_tokens += len(wanted)
        heard_phones, heard_tones = table.decode(tokens)
        phones, tones = phone_of[clip.labels], tone_of[clip.labels]
        right_phones += int((heard_phones == phones).sum())
        num_frames += len(phones)
        is_toned = (tones > 0) & (heard_tones != UNKNOWN_TONE)
        right_tones += int((heard_tones == tones)[is_toned].sum())
        num_toned += int(is_toned.sum())
        spoken = [phone for phone, _ in groupby(phones.tolist())]
        errors += edit_distance(spoken, [phone for phone, _ in groupby(heard_phones.tolist())])
        num_phones += len(spoken)
    return {
        "phones": right_phones / num_frames,
        "tones": right_tones / max(num_toned, 1),
        "tokens": right_tokens / num_tokens,
        "errors": errors / num_phones,
    }
