"""How fast text is made speakable and cut, and how long a sentence waits for the text behind it.

    python -m benchmarks.splitter --megabytes 1

Plain numbers, one per line. Where the package stream2sentence is installed, it is measured beside ours.
"""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterator
from pathlib import Path

import click

from chat2audio.sentences import Sentence, SentenceSplitter, SplitLimits
from chat2audio.speakable import Speakable

CASES = Path(__file__).parents[1] / "tests" / "data" / "splitter_cases.json"
SAMPLES = {
    "zh": "今天天气真好，我们去公园散步吧。你觉得怎么样？（微笑着伸手）就这么说定了！**记住**带伞哦……\n",
    "en": (
        "Well, the weather is lovely today. Shall we go for a walk in the park? *smiles and reaches out* "
        "Dr. Lee paid 3.50 dollars for it... and nothing more was said about it for a while.\n"
    ),
    "zh_no_marks": "天气",
    "en_no_marks": "word ",
    "open_brackets": "(",
}


def cut(text: str, step: int, limits: SplitLimits) -> Iterator[tuple[int, Sentence]]:
    """The sentences of a text that comes in steps, each with the number of characters seen by then."""
    speakable, splitter = Speakable(), SentenceSplitter(limits)
    for start in range(0, len(text), step):
        for span in speakable.push(text[start : start + step]):
            for sentence in splitter.push(span):
                yield start + step, sentence
    for span in speakable.flush():
        for sentence in splitter.push(span):
            yield len(text), sentence
    for sentence in splitter.flush():
        yield len(text), sentence


def processor_sec(text: str, step: int) -> float:
    """Processor time for a text, in seconds."""
    start = time.process_time()
    for _ in cut(text, step, SplitLimits()):
        pass
    return time.process_time() - start


def delays(text: str) -> list[int]:
    """How many characters behind its last one each finished sentence is cut."""
    limits, done, found = SplitLimits.sentences_only(), 0, []
    for seen, sentence in cut(text, 1, limits):
        done += len(sentence.display)
        if done < len(text):
            found.append(seen - done)
    return found


def peer_misses(cases: list[dict]) -> int:
    """Table rows that stream2sentence cuts otherwise than wanted, blanks aside."""
    from stream2sentence import generate_sentences  # pyright: ignore[reportMissingImports]

    def bare(parts: list[str]) -> list[str]:
        return [part.strip() for part in parts if part.strip()]

    found = 0
    for case in cases:
        parts = generate_sentences(iter(case["text"]), minimum_sentence_length=1, context_size=3)
        found += bare(list(parts)) != bare(case["sentences"])
    return found


@click.command()
@click.option("--megabytes", default=1.0, show_default=True, help="UTF-8 text per measurement.")
@click.option("--step", "steps", default=(1, 4, 64, 1_000_000), multiple=True, help="Characters per piece.")
def main(megabytes: float, steps: tuple[int, ...]) -> None:
    """Measure the text side of a reply."""
    for name, sample in SAMPLES.items():
        text = sample * round(megabytes * 1e6 / len(sample.encode()))
        for step in steps:
            seconds = processor_sec(text, step)
            click.echo(f"{name} step {step}: {len(text.encode()) / 1e6 / seconds:.2f} MB/s")
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    # Reasoning is not shown, so its length is no delay.
    waits = [wait for case in cases if "<think>" not in case["text"] for wait in delays(case["text"])]
    wrong = sum(
        [s.display for _, s in cut(case["text"], 1, SplitLimits.sentences_only())] != case["sentences"]
        for case in cases
    )
    click.echo(f"delay of a sentence: mean {sum(waits) / len(waits):.2f}, longest {max(waits)} characters")
    click.echo(f"table: {wrong} of {len(cases)} cut otherwise than wanted")
    if importlib.util.find_spec("stream2sentence"):
        click.echo(f"stream2sentence: {peer_misses(cases)} of {len(cases)} cut otherwise than wanted")


if __name__ == "__main__":
    main()
