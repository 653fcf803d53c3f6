"""Rows of facts, and telling versions by their tensors."""

import dataclasses

import pytest

from tts.versions import BASE_MODEL_MD5, MARKS, VERSIONS, UnknownVersion, deciding_clue, find_version

V1 = {"enc_p.text_embedding.weight": (322, 192), "ref_enc.spectral.0.fc.weight": (128, 1025)}
V2 = {"enc_p.text_embedding.weight": (732, 192), "ref_enc.spectral.0.fc.weight": (128, 704)}
PRO = {**V2, "sv_emb.weight": (1024, 20480), "dec.conv_pre.weight": (512, 192, 7)}
PLUS = {**PRO, "dec.conv_pre.weight": (768, 192, 7)}
SMALL_PRO = {**PRO, "dec.conv_pre.weight": (64, 32, 7)}
FLOW = {**V2, "cfm.estimator.proj_out.weight": (100, 1024)}
LORA = {"cfm.base_model.model.estimator.transformer_blocks.0.attn.to_q.lora_A.default.weight": (8, 1024)}


def test_rows_say_what_the_published_table_says() -> None:
    table = {
        "v1": ("v1", 322, "vits", 1025, False, 32000, None),
        "v2": ("v2", 732, "vits", 704, False, 32000, None),
        "v2Pro": ("v2", 732, "vits", 704, True, 32000, None),
        "v2ProPlus": ("v2", 732, "vits", 704, True, 32000, None),
        "v3": ("v2", 732, "flow", 704, False, 24000, "bigvgan"),
        "v4": ("v2", 732, "flow", 704, False, 48000, "hifigan"),
    }
    for name, (symbols, count, decoder, bins, uses_speaker, rate, vocoder) in table.items():
        row = VERSIONS[name]
        got = (row.symbols, row.num_symbols, row.decoder, row.style_bins, row.uses_speaker_embedding)
        assert (*got, row.sample_rate, row.vocoder) == (
            symbols,
            count,
            decoder,
            bins,
            uses_speaker,
            rate,
            vocoder,
        )
        assert (row.flow is not None) == (decoder == "flow") == row.needs_reference_text
        assert ("yue" in row.languages) == (name != "v1")
    assert set(table) == set(VERSIONS)
    assert set(MARKS.values()) | {"v2"} == set(VERSIONS) == set(BASE_MODEL_MD5.values())


def test_frames_and_rates_of_the_flow_rows_agree() -> None:
    for row in VERSIONS.values():
        if row.flow is not None:
            frames_per_sec = row.flow.mel_sample_rate / row.flow.mel_hop_samples
            assert frames_per_sec * row.flow.samples_per_frame == row.sample_rate
            assert 50 * row.flow.upsampling == frames_per_sec


def test_rows_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        VERSIONS["v1"].sample_rate = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("shapes", "name"),
    [(V1, "v1"), (V2, "v2"), (PRO, "v2Pro"), (PLUS, "v2ProPlus")],
    ids=["1", "2", "P", "PP"],
)
def test_tensors_decide_alone_where_they_can(shapes: dict, name: str) -> None:
    assert find_version(shapes, asked=None, hints=(None, None, None)).name == name
    assert find_version(shapes, asked=name, hints=()).name == name
    assert find_version(shapes, asked=None, hints=("v4", "v1", "v2")).name == name  # hints may err


@pytest.mark.parametrize("shapes", [FLOW, LORA])
def test_v3_and_v4_need_a_word(shapes: dict) -> None:
    with pytest.raises(UnknownVersion, match="give version = one of v3, v4"):
        find_version(shapes, asked=None, hints=(None, "v2", "nonsense"))
    assert find_version(shapes, asked="v4", hints=(None, "v2", None)).name == "v4"
    assert find_version(shapes, asked="v4", hints=(None, "v4", "v3")).name == "v4"
    assert find_version(shapes, asked=None, hints=("v3", "v4", "v4")).name == "v3"
    assert find_version(shapes, asked=None, hints=(None, "v4", "v3")).name == "v4"
    assert find_version(shapes, asked=None, hints=(None, None, "v4")).name == "v4"


def test_pro_of_unusual_width_needs_a_word() -> None:
    assert find_version(SMALL_PRO, asked=None, hints=("v2ProPlus", None, None)).name == "v2ProPlus"
    with pytest.raises(UnknownVersion, match="v2Pro, v2ProPlus"):
        find_version(SMALL_PRO, asked=None, hints=(None, None, None))


def test_the_caller_may_not_contradict_the_tensors() -> None:
    with pytest.raises(UnknownVersion, match="those of v1, not of v2"):
        find_version(V1, asked="v2", hints=())
    with pytest.raises(UnknownVersion, match="says itself that it is a v3 file, but version = v4"):
        find_version(FLOW, asked="v4", hints=(None, "v3", "v4"))
    with pytest.raises(UnknownVersion, match="'v5' does not exist; known are v1, v2, v2Pro"):
        find_version(V1, asked="v5", hints=())


def test_what_told_a_version_is_known() -> None:
    clues = {"mark": None, "hash": "v2", "config": "v4"}
    assert deciding_clue(V1, clues) == "tensors"
    assert deciding_clue(FLOW, clues) == "config", "a hash that contradicts the tensors tells nothing"
    assert deciding_clue(FLOW, {**clues, "mark": "v3"}) == "mark"
    assert deciding_clue(LORA, {"mark": None, "hash": None, "config": None}) is None
    with pytest.raises(UnknownVersion):
        deciding_clue({}, clues)


def test_other_networks_are_refused() -> None:
    for shapes in (
        {},
        {"discriminators.0.convs.0.weight": (1,)},
        {"enc_p.text_embedding.weight": (322, 192)},
    ):
        with pytest.raises(UnknownVersion, match="holds no SoVITS model"):
            find_version(shapes, asked=None, hints=())
    with pytest.raises(UnknownVersion, match="knows 500 symbols; v1 has 322"):
        find_version({**V1, "enc_p.text_embedding.weight": (500, 192)}, asked=None, hints=())
