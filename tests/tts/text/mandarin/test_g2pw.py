"""g2pW as a user may have it: a folder with the real one's files, and a net of a few random numbers."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts.text.bert_vocabulary import Vocabulary
from tts.text.languages import ReaderOptions
from tts.text.mandarin import g2pw
from tts.text.mandarin.g2pw import G2pw, load_g2pw, try_g2pw
from tts.text.mandarin.reader import MandarinReader

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"我們樂長"]
ROWS = [("樂", "ㄌㄜ4"), ("樂", "ㄩㄝ4"), ("長", "ㄓㄤ3"), ("長", "ㄔㄤ2"), ("不", "ㄈㄡ3")]
PINYIN = {"ㄌㄜ": "le", "ㄩㄝ": "yue", "ㄓㄤ": "zhang", "ㄔㄤ": "chang", "ㄈㄡ": "fou"}
LABELS = sorted({reading for _, reading in ROWS})
CHARS = sorted({char for char, _ in ROWS})


class FakeSession:
    """Says the last reading a character may have, and remembers what it was asked."""

    def __init__(self, num_labels: int = len(LABELS)) -> None:
        self.num_labels = num_labels
        self.asked: list[dict[str, np.ndarray]] = []

    def run(self, output_names, inputs):
        self.asked.append(dict(inputs))
        order = np.arange(1, self.num_labels + 1)
        return [
            inputs["phoneme_mask"] * order if inputs["phoneme_mask"].shape[1] == len(order) else order[None]
        ]


def make_model(session: FakeSession) -> G2pw:
    vocabulary = Vocabulary({token: number for number, token in enumerate(TOKENS)})
    return G2pw(session, vocabulary, ROWS, PINYIN)


def test_the_net_is_asked_in_traditional_characters_and_in_its_own_format():
    session = FakeSession()
    found = make_model(session).read("我们乐不长A")
    asked = session.asked[-1]
    assert {name: str(values.dtype) for name, values in asked.items()} == {
        "input_ids": "int64",
        "token_type_ids": "int64",
        "attention_mask": "int64",
        "phoneme_mask": "float32",
        "char_ids": "int64",
        "position_ids": "int64",
    }
    assert asked["input_ids"].tolist() == [[2, 4, 5, 6, 1, 7, 1, 3]] * 2
    assert asked["position_ids"].tolist() == [3, 5]
    assert asked["char_ids"].tolist() == [CHARS.index("樂"), CHARS.index("長")]
    assert asked["attention_mask"].all()
    assert not asked["token_type_ids"].any()
    for char, mask in zip("樂長", asked["phoneme_mask"], strict=True):
        allowed = {reading for one, reading in ROWS if one == char}
        assert {LABELS[place] for place in np.flatnonzero(mask)} == allowed
    last = {char: max(reading for one, reading in ROWS if one == char) for char in "樂長"}
    assert found == {2: PINYIN[last["樂"][:-1]] + last["樂"][-1], 4: PINYIN[last["長"][:-1]] + last["長"][-1]}


def test_long_text_is_read_in_parts():
    session = FakeSession()
    found = make_model(session).read("我" * 600 + "长")
    assert list(found) == [600]
    assert session.asked[-1]["input_ids"].shape == (1, 93)
    assert make_model(session).read("") == {}


def test_a_net_of_another_size_is_refused():
    with pytest.raises(ValueError, match="5 readings"):
        make_model(FakeSession(num_labels=7))


class FixedModel:
    def __init__(self, **readings: str) -> None:
        self.readings = readings

    def read(self, text: str) -> dict[int, str]:
        return {at: self.readings[char] for at, char in enumerate(text) if char in self.readings}


def phones(text: str, **readings: str) -> str:
    return " ".join(MandarinReader(ReaderOptions(polyphones=FixedModel(**readings))).read(text).phones)


def test_the_model_decides_where_neither_a_phrase_nor_a_rule_does():
    assert phones("这畜", 畜="xu4") == "zh e4 x v4"
    assert phones("这畜") != phones("这畜", 畜="xu4")
    assert phones("音乐", 乐="le4") == "y in1 y ve4"  # a phrase
    assert phones("睡不着觉", 着="zhe5").endswith("zh ao2 j iao4")  # a rule


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS), encoding="utf-8")
    (tmp_path / g2pw.CHARACTERS).write_text("".join(f"{c}\t{r}\n" for c, r in ROWS), encoding="utf-8")
    (tmp_path / g2pw.PINYIN).write_text(json.dumps(PINYIN), encoding="utf-8")
    (tmp_path / g2pw.NET).write_bytes(b"no net")
    return tmp_path


def test_without_onnxruntime_the_error_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(g2pw, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package onnxruntime: pip install"):
        load_g2pw(folder)


def test_a_folder_that_was_only_found_is_left_with_a_warning(folder, caplog):
    (folder / "vocab.txt").unlink()
    assert try_g2pw(folder) is None
    assert "polyphones are read by rules" in caplog.text
    assert str(folder) in caplog.text


@pytest.mark.parametrize("name", [g2pw.NET, g2pw.CHARACTERS, g2pw.PINYIN, "vocab.txt"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=name.replace(".", r"\.")):
        load_g2pw(folder)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (g2pw.CHARACTERS, "樂 ㄌㄜ4\n", "a tab"),
        (g2pw.CHARACTERS, "", "a tab"),
        (g2pw.PINYIN, "{oops", "damaged"),
    ],
)
def test_a_damaged_table_is_refused(folder, name, text, reason):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=reason):
        load_g2pw(folder)


@pytest.mark.skipif(not find_spec("onnxruntime"), reason="onnxruntime is not installed")
def test_a_damaged_net_is_refused(folder):
    with pytest.raises(ValueError, match="cannot be used"):
        load_g2pw(folder)


@pytest.mark.skipif(
    not (find_spec("onnxruntime") and find_spec("onnx")), reason="onnx and onnxruntime are not installed"
)
def test_a_real_net_of_random_numbers_is_run(folder):
    write_net(folder / g2pw.NET)
    model = load_g2pw(folder)
    found = model.read("我们乐长")
    assert set(found) == {2, 3}
    assert found[2] in ("le4", "yue4")
    assert found[3] in ("zhang3", "chang2")


def write_net(path: Path) -> None:
    """Makes a net with the inputs and the output of the real one: a table by token, then the mask."""
    onnx: Any = import_module("onnx")
    helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto
    table = np.random.default_rng(0).random((len(TOKENS), len(LABELS)), np.float32)
    names = ("input_ids", "token_type_ids", "attention_mask")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "T"]) for name in names]
    inputs.append(helper.make_tensor_value_info("phoneme_mask", TensorProto.FLOAT, ["B", "L"]))
    inputs += [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["B"]) for name in ("char_ids", "position_ids")
    ]
    nodes = [
        helper.make_node("Unsqueeze", ["position_ids", "one"], ["places"]),
        helper.make_node("GatherElements", ["input_ids", "places"], ["tokens"], axis=1),
        helper.make_node("Squeeze", ["tokens", "one"], ["token"]),
        helper.make_node("Gather", ["table", "token"], ["scores"], axis=0),
        helper.make_node("Mul", ["scores", "phoneme_mask"], ["probs"]),
    ]
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
    ]
    output = helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["B", "L"])
    graph = helper.make_graph(nodes, "g2pw", inputs, [output], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
