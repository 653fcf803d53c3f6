"""`python -m demo.llm.samples`: writes data/sample_dialogues.jsonl, a data set to try fine-tuning with."""

from __future__ import annotations

import json
import random
import tomllib

import click

from demo.llm.corpus import DATA, LANGUAGES, PLAIN, Corpus, Talk

NUM_DIALOGUES = 240
SYSTEM = "你是皮普，三思号飞艇上的年轻机械师，爱引擎，爱吃糖。用户说什么语言，你就用什么语言。"


def main() -> None:
    """Write the file; the same every time."""
    corpus, rng = Corpus(), random.Random(7)
    replies = tomllib.loads((DATA / "replies" / "Pip.toml").read_text(encoding="utf-8"))
    lines = []
    for _ in range(NUM_DIALOGUES):
        turns = []
        language = rng.randrange(2)
        for intent in rng.sample(sorted(replies), rng.choice((1, 3, 5))):
            text = corpus.question(PLAIN, intent, LANGUAGES[language], Talk(), rng)
            turns += [{"from": "human", "value": text}, {"from": "gpt", "value": replies[intent][language]}]
        lines.append(json.dumps({"system": SYSTEM, "conversations": turns}, ensure_ascii=False))
    path = DATA / "sample_dialogues.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(f"{path.name}: {len(lines)} dialogues")


if __name__ == "__main__":
    main()
