"""Which function computes which golden, and running them all."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from evaluation.parity import acoustic, features, flow, semantic, speech, text
from evaluation.parity.compare import Verdict, compare
from evaluation.parity.kit import Golden, Kit, NotInKit

Run = Callable[[Kit, Golden], dict[str, np.ndarray]]

# The first pattern that fits the whole name decides.
KINDS: Sequence[tuple[str, Run]] = (
    (r"s1_sampling", semantic.run_sampling),
    (r"s1_mute_similarity", semantic.run_mute_similarity),
    (r"s1_.*_batch\d+", semantic.run_batch),
    (r"s1_.*", semantic.run_greedy),
    (r"feat_.*", features.run_reference_audio),
    (r"ssl_codes", features.run_ssl_codes),
    (r"sv_embedding", features.run_speaker_embedding),
    (r"bert_feature", text.run_bert),
    (r"vocoder_.*", flow.run_vocoder),
    (r"s2_.*_enc_s\d+", flow.run_features),
    (r"s2_.*_cfm_.*", flow.run_sampler),
    (r"s2_.*_dit", flow.run_network),
    (r"s2_.*_chunked", flow.run_pieces),
    (r"s2_.*_codes", acoustic.run_codes),
    (r"s2_.*", acoustic.run_decode),
    (r"e2e_.*", speech.run_speech),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one golden: results and verdicts, or the reason why there are none.

    Attributes:
        golden: Its name.
        results: Arrays by name, as upstream's checker wants them.
        verdicts: One per array of the index.
        skipped: Why it was left out on purpose.
        failed: What went wrong while computing it.
    """

    golden: str
    results: dict[str, np.ndarray] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    skipped: str = ""
    failed: str = ""

    @property
    def is_ok(self) -> bool:
        """No array out of tolerance and nothing went wrong."""
        return not self.failed and all(verdict.is_ok for verdict in self.verdicts)


def run_all(kit: Kit, prefixes: Sequence[str] = ()) -> Iterator[Report]:
    """Run every golden whose name begins with one of the prefixes (all, without any)."""
    for golden in kit.goldens():
        if not prefixes or golden.name.startswith(tuple(prefixes)):
            yield _run_one(kit, golden)


def _run_one(kit: Kit, golden: Golden) -> Report:
    if golden.is_informative:
        return Report(golden.name, skipped="informative: this engine does otherwise on purpose")
    run = next((run for pattern, run in KINDS if re.fullmatch(pattern, golden.name)), None)
    if run is None:
        return Report(golden.name, failed="no function computes goldens of this name")
    try:
        with torch.inference_mode():
            results = run(kit, golden)
        return Report(golden.name, results, compare(golden.outputs, results, kit.arrays(golden.name)))
    except NotInKit as error:
        return Report(golden.name, skipped=str(error))
    except (ValueError, LookupError, OSError, RuntimeError) as error:
        return Report(golden.name, failed=f"{type(error).__name__}: {error}")
