import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

from tts.text.bert import BertEncoder
from tts.text.front_end import Phones, Segment

KIT = Path(__file__).parents[4] / "shared" / "gpt-sovits" / "parity"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"我们去上海明天,.?!"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    return folder


def make_phones(*segments: Segment) -> Phones:
    symbols = tuple(phone for segment in segments for phone in segment.phones)
    return Phones(np.zeros(len(symbols), np.int64), symbols, segments, "", 0)


def make_segment(language: str, text: str, word2ph: tuple[int, ...] | None, num_phones: int) -> Segment:
    return Segment(language, text, text, ("a1",) * num_phones, word2ph)


def test_features_are_the_third_hidden_state_from_the_end_repeated_per_phone(folder):
    text, word2ph = "我们去上海,", (2, 2, 2, 2, 2, 1)
    features = BertEncoder(folder).features(make_phones(make_segment("zh", text, word2ph, 11)))
    model = BertForMaskedLM.from_pretrained(folder).eval()
    ids = torch.tensor([[2, *(VOCABULARY.index(char) for char in text), 3]])
    with torch.inference_mode():
        hidden = model(input_ids=ids, output_hidden_states=True).hidden_states[-3][0, 1:-1]
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, np.repeat(hidden.numpy(), word2ph, axis=0).T, atol=1e-6)


def test_only_mandarin_has_features_and_characters_do_not_shift(folder):
    english = make_segment("en", "raid", None, 3)
    chinese = make_segment("zh", "明龘.", (2, 2, 1), 5)
    encoder = BertEncoder(folder)
    features = encoder.features(make_phones(english, chinese, english))
    assert features.shape == (encoder.dim, 11)
    assert not features[:, :3].any()
    assert not features[:, 8:].any()
    np.testing.assert_array_equal(features[:, 3:8], encoder.features(make_phones(chinese)))
    assert features[:, 3:8].any(axis=0).all()


def test_a_text_longer_than_the_model_can_see_is_read_in_parts(folder):
    encoder = BertEncoder(folder)
    long = encoder.features(make_phones(make_segment("zh", "我们去" * 20, (2,) * 60, 120)))
    assert long.shape == (16, 120)
    start = encoder.features(make_phones(make_segment("zh", "我们去" * 10, (2,) * 30, 60)))
    np.testing.assert_allclose(long[:, :60], start, atol=1e-6)


def test_no_phones_no_features(folder):
    assert BertEncoder(folder).features(make_phones()).shape == (16, 0)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no config\.json; a BERT folder"):
        BertEncoder(tmp_path)


def set_config(**values: object) -> Callable[[Path], object]:
    def change(folder: Path) -> object:
        path = folder / "config.json"
        return path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values))

    return change


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "model.safetensors").write_bytes(b"short"), "damaged or incomplete"),
        (lambda folder: (folder / "model.safetensors").unlink(), "damaged or incomplete"),
        (lambda folder: (folder / "config.json").write_text("[1]"), "damaged or incomplete"),
        (lambda folder: (folder / "tokenizer.json").write_text("{oops"), r"tokenizer\.json cannot be used"),
        (lambda folder: (folder / "tokenizer.json").write_text("[]"), r"no table model\.vocab"),
        (set_config(hidden_size="x"), "damaged or incomplete"),
        (set_config(hidden_size=32), "missing or have another shape, such as embeddings"),
        (set_config(num_hidden_layers=8), "missing or have another shape, such as encoder"),
        (set_config(num_hidden_layers=2), "no third hidden state"),
    ],
)
def test_a_damaged_folder_is_told_from_a_whole_one(folder, tmp_path, damage, reason):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(ValueError, match=reason) as raised:
        BertEncoder(copy)
    assert str(copy) in str(raised.value)


def test_the_vocabulary_may_be_a_list_of_lines(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    phones = make_phones(make_segment("zh", "我们去龘.", (2, 2, 2, 2, 1), 9))
    (copy / "tokenizer.json").unlink()
    np.testing.assert_array_equal(BertEncoder(copy).features(phones), BertEncoder(folder).features(phones))
    (copy / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match=r"no \[UNK\]"):
        BertEncoder(copy)
    (copy / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json nor vocab\.txt"):
        BertEncoder(copy)


@pytest.mark.skipif(not KIT.is_dir(), reason="the parity kit is not here")
def test_parity_with_upstream():
    golden = np.load(KIT / "golden" / "bert_feature.npz")
    text, word2ph = str(golden["in_text"]), tuple(golden["in_word2ph"].tolist())
    phones = make_phones(make_segment("zh", text, word2ph, sum(word2ph)))
    features = BertEncoder(KIT / "weights" / "bert").features(phones)
    np.testing.assert_allclose(features, golden["out_bert"], atol=7e-5)
