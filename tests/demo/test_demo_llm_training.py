"""The base model's lessons point at the right places, and the base model learns topics from them."""

from __future__ import annotations

import pytest
import torch

from demo.llm.base import Pupil, make_model
from demo.llm.corpus import Corpus
from demo.llm.lessons import OPENING, Lessons
from demo.llm.tokenizer import make_tokenizer
from llm.finetune.encoding import IGNORE
from tts.finetune.training_loop import LoopSettings, train


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


@pytest.fixture(scope="module")
def tokenizer(corpus):
    return make_tokenizer(corpus)


@pytest.mark.parametrize("step", [0, 2, 3], ids=["openings", "long talks", "short talks"])
def test_every_reply_has_its_question_and_its_topic(corpus, tokenizer, step) -> None:
    batch = Lessons(corpus, tokenizer, num_openings=2).draw(step, 10, seed=4)
    learned = batch.labels != IGNORE
    assert len(batch.topics) == int((learned[:, 1:] & ~learned[:, :-1]).sum())
    for row, start, end, topic in zip(batch.rows, batch.starts, batch.ends, batch.topics, strict=True):
        shown = tokenizer.decode(batch.ids[row, start:end])
        assert shown.startswith("<|im_start|>user\n")
        assert shown.endswith("<|im_end|>\n<|im_start|>assistant\n")
        assert shown.count("<|im_start|>") == 2
        assert learned[row, end]
        assert not learned[row, start:end].any()
        assert 0 <= topic < len(corpus.intents)
    if step == 0:
        assert learned.sum(dim=1).max() <= OPENING


def test_a_step_draws_the_same_batch_again_and_another_step_another(corpus, tokenizer) -> None:
    lessons = Lessons(corpus, tokenizer, num_openings=2)
    assert torch.equal(lessons.draw(0, 4, seed=1).ids, lessons.draw(0, 4, seed=1).ids)
    assert lessons.draw(0, 4, seed=1).ids.tolist() != lessons.draw(1, 4, seed=1).ids.tolist()


def test_the_topic_heads_learn(corpus, tokenizer, tmp_path) -> None:
    class OneBatch:
        def draw(self, step: int, batch_size: int, seed: int):
            return Lessons(corpus, tokenizer, num_openings=1).draw(0, batch_size, seed)

    pupil = Pupil(make_model(tokenizer, seed=0), len(corpus.intents), num_steps=50)
    settings = LoopSettings(num_steps=50, batch_size=6, save_every=0, eval_every=0, log_every=5)
    result = train(pupil, OneBatch(), settings, tmp_path)
    assert result.losses["topics right"] == 1.0
    assert result.losses["reply"] < 1.0
