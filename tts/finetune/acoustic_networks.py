"""The networks of an acoustic training: where they start, and the file they end in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tts.checkpoint import BadCheckpoint, read_checkpoint, read_state_dict, take_weights
from tts.checkpoint_writing import write_acoustic_checkpoint
from tts.finetune.acoustic_sizes import AcousticSizes, make_config, make_model, make_posterior_encoder
from tts.finetune.discriminators import (
    UPSTREAM_PRO_SIZES,
    UPSTREAM_SIZES,
    Discriminators,
    DiscriminatorSizes,
)
from tts.finetune.posterior_encoder import PosteriorEncoder
from tts.models.quantizer import SemanticQuantizer
from tts.models.sizes import Sizes
from tts.models.vits import VitsModel, checkpoint_weights
from tts.models.weight_norm import fold_weight_norm, unfold_weight_norm
from tts.versions import Version

POSTERIOR_PREFIX = "enc_q."


class AcousticNetworks(nn.Module):
    """Everything that takes part in training an acoustic model.

    Weight norm stays folded, as the serving modules have it: it is another path to the same weights, and the
    optimiser's own scaling does what it was invented for. Export splits the weights again.

    Args:
        model: What a voice speaks with. Its quantizer is never trained: tokens mean what they meant.
        enc_q: The posterior encoder.
        discriminators: For the adversarial phase.
        config: What the exported file shall say about the networks.
        version: Of the model.
    """

    def __init__(
        self,
        model: VitsModel,
        enc_q: PosteriorEncoder,
        discriminators: Discriminators,
        config: Mapping[str, Any],
        version: Version,
    ) -> None:
        super().__init__()
        self.model = model
        self.enc_q = enc_q
        self.discriminators = discriminators
        self.config = config
        self.version = version

    @classmethod
    def fresh(
        cls,
        sizes: AcousticSizes,
        version: Version,
        quantizer: SemanticQuantizer,
        discriminator_sizes: DiscriminatorSizes,
        seed: int = 0,
    ) -> "AcousticNetworks":
        """Networks that know nothing yet, around a finished quantizer.

        Raises:
            ValueError: The codebook is empty, which every loss would hide, or of another width.
        """
        if not bool(quantizer.codebook.any()):
            raise ValueError("the quantizer's codebook is all zeros: fit it before training on its tokens")
        if quantizer.codebook.shape[1] != sizes.ssl_dim:
            raise ValueError(
                f"the codebook is {quantizer.codebook.shape[1]} wide, but ssl_dim is {sizes.ssl_dim}"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(
                make_model(sizes, version, quantizer),
                make_posterior_encoder(sizes),
                Discriminators(discriminator_sizes),
                make_config(sizes, version),
                version,
            )

    @classmethod
    def from_base(
        cls,
        path: Path | str,
        discriminator_path: Path | str | None = None,
        *,
        version: str | None = None,
        new_posterior_layers: int = 0,
        discriminator_sizes: DiscriminatorSizes | None = None,
        seed: int = 0,
    ) -> "AcousticNetworks":
        """Networks that go on from a SoVITS file of v1, v2, v2Pro or v2ProPlus.

        Args:
            path: A pretrained base (`s2G*.pth`), which has a posterior encoder.
            discriminator_path: The base's discriminators (`s2D*.pth`); fresh ones without.
            version: What the file is, where it cannot say: a Pro base without a mark, of unusual width.
            new_posterior_layers: If above 0, start a posterior encoder of so many layers anew, whatever the
                file has. Fine-tuned files have none; the first phase then is `NEW_POSTERIOR`.
            discriminator_sizes: Of fresh discriminators; by default upstream's for this version.
            seed: Of everything that starts anew.

        Raises:
            BadCheckpoint: A file cannot be read, is no such model, lacks the posterior encoder, or may be of
                several versions, which are named.
        """
        checkpoint = read_checkpoint(path, version=version)
        if checkpoint.version is None or checkpoint.version.decoder != "vits":
            raise BadCheckpoint(checkpoint.path, "a v1, v2, v2Pro or v2ProPlus SoVITS file is needed")
        model = VitsModel.from_checkpoint(checkpoint)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if new_posterior_layers:
                enc_q = make_posterior_encoder(_posterior_sizes(model, new_posterior_layers))
            else:
                enc_q = _stored_posterior(checkpoint.weights, checkpoint.path)
            is_pro = checkpoint.version.uses_speaker_embedding
            usual_sizes = UPSTREAM_PRO_SIZES if is_pro else UPSTREAM_SIZES
            discriminators = Discriminators(discriminator_sizes or usual_sizes)
        if discriminator_path is not None:
            _load_discriminators(discriminators, Path(discriminator_path))
        return cls(model, enc_q, discriminators, checkpoint.config, checkpoint.version)

    def export(self, path: Path | str, info: str = "", *, is_base: bool = False) -> None:
        """Write the `.pth` that speaks, in half precision and with upstream's mark.

        Args:
            path: The file.
            info: A remark, by custom like `8epoch_1234iteration`.
            is_base: Keep the posterior encoder, so that others can train on from the file.
        """
        weights = checkpoint_weights(self.model)
        if is_base:
            weights |= _unfolded_posterior(self.enc_q)
        write_acoustic_checkpoint(path, weights, self.config, info, self.version)

    def export_discriminators(self, path: Path | str) -> None:
        """Write the discriminators that belong to a base, as upstream's `s2D*.pth`."""
        weights = self.discriminators.state_dict()
        unfolded = unfold_weight_norm(weights, [name for name in weights if name.endswith(".weight")])
        halves = {name: tensor.detach().half().cpu() for name, tensor in unfolded.items()}
        torch.save({"weight": halves}, path)


def _stored_posterior(weights: Mapping[str, torch.Tensor], source: Path) -> PosteriorEncoder:
    stored = {name: tensor for name, tensor in weights.items() if name.startswith(POSTERIOR_PREFIX)}
    if not stored:
        raise BadCheckpoint(
            source,
            "has no posterior encoder (enc_q.*): fine-tuned files are saved without. To train on, the "
            "pretrained base is needed, like s2G2333k.pth or s2Gv2Pro.pth",
        )
    folded = fold_weight_norm(stored)
    enc_q = PosteriorEncoder.from_sizes(Sizes(folded, source), POSTERIOR_PREFIX)
    take_weights(enc_q, folded, prefix=POSTERIOR_PREFIX, source=source)
    return enc_q


def _unfolded_posterior(enc_q: PosteriorEncoder) -> dict[str, torch.Tensor]:
    weights = {POSTERIOR_PREFIX + name: tensor for name, tensor in enc_q.state_dict().items()}
    normed = [name for name in weights if ".enc." in name and name.endswith(".weight")]
    return unfold_weight_norm(weights, normed)


def _posterior_sizes(model: VitsModel, num_layers: int) -> AcousticSizes:
    return AcousticSizes(
        inter_channels=model.dec.conv_pre.in_channels,
        gin_channels=model.ref_enc.fc.fc.out_features,
        posterior_layers=num_layers,
    )


def _load_discriminators(discriminators: Discriminators, path: Path) -> None:
    weights = fold_weight_norm(read_state_dict(path, key="weight"))
    take_weights(discriminators, weights, source=path)
