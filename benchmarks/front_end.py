"""How long the text front end takes: to load each language, and for a sentence once it is loaded.

    python -m benchmarks.front_end --rounds 20

Each mode is measured in a process of its own. Memory is what the process has more than before the front end
was imported; times are of the clock, so let nothing else run.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

# About 30 characters or ten words each, with the numbers, names and marks of role-play.
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "zh": (
        "旅行者，你终于回来了，我在城门口等了你整整3天，腿都站麻了。",
        "这一刀造成了1500点伤害，可是魔王的生命值还剩20%，小心点儿！",
        "银行行长说得对：重庆的房子又长高了，明天8:30再去看看吧。",
        "等等——那边好像有人，你听见什么声音没有？别出声……",
    ),
    "en": (
        "Dr. Lee said the wind would wind down by 8:30, but I don't believe him.",
        "You've found 1,250 gold coins, 3 potions and a well-known blorfing sword!",
        "The captain read the letter twice, and then she closed the heavy door.",
        "Wait... who goes there? Speak, or I'll let the dogs out at once!",
    ),
    "ja": (
        "勇者様、お待ちしておりました。今日は3時から会議がありますよ。",
        "経験値はあと3%でレベルアップだ、もう少し頑張ろう！",
        "最近、僕は天文学を勉強しているんだ。君も一緒にどう？",
        "えっ、本当に？この剣は1500円しか、しなかったのに……",
    ),
    "ko": (
        "안녕하세요, 용사님. 기다리고 있었어요. 여기서 3시간이나요!",
        "물약 3개와 화살 12개가 남았으니 조심해서 다녀오세요.",
        "옛날 옛적에 북쪽 끝의 눈 덮인 작은 마을에 용이 살았습니다.",
        "정말요? 같이 가면 좋겠지만, 저는 내일 8시에 일이 있어요.",
    ),
    "yue": (
        "勇者大人，你終於嚟到喇，我哋等咗你成日，對腳都企到攰晒。",
        "呢把劍要1500蚊，你身上得返20%血咋，小心啲呀！",
        "聽日8點半喺城門口集合，千祈唔好遲到，知唔知呀？",
        "唔係啩，你真係打贏咗條龍？講嚟聽吓先啦！",
    ),
    "auto": (
        "我用iPhone 15拍了3张照片，你要不要看一看？Look, 多漂亮啊！",
        "The boss said 你被开除了, and then he left at 8:30.",
        "他说“Let's go!”，我就跟着他一起跑了，腿都跑断了。",
        "今晚的raid副本，tank和healer都准备好了吗？别迟到。",
    ),
}
STATUS = Path("/", "proc", "self", "status")


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one mode.

    Attributes:
        load_sec: from importing the front end until the first sentence can be read.
        memory_mb: more memory than before.
        first_ms: the first sentence.
        median_ms, longest_ms: of a sentence after that.
    """

    load_sec: float
    memory_mb: float
    first_ms: float
    median_ms: float
    longest_ms: float


def measure(mode: str, num_rounds: int) -> Measures:
    """Loads what a mode needs and reads its sentences; in a fresh process, for it imports the front end."""
    memory_mb, begun = _memory_mb(), time.perf_counter()
    from tts.text.front_end import FrontEnd

    front_end = FrontEnd()
    front_end.warm(mode)
    load_sec, more_mb = time.perf_counter() - begun, _memory_mb() - memory_mb
    times_ms = [
        _time_ms(front_end.read, sentence, mode)
        for _ in range(num_rounds + 1)
        for sentence in SENTENCES[mode]
    ]
    warm = times_ms[len(SENTENCES[mode]) :]
    return Measures(load_sec, more_mb, times_ms[0], statistics.median(warm), max(warm))


def _time_ms(read: Callable[[str, str], object], sentence: str, mode: str) -> float:
    begun = time.perf_counter()
    read(sentence, mode)
    return 1000 * (time.perf_counter() - begun)


def _memory_mb() -> float:
    """Memory of this process that is in use, where the system tells it; else 0."""
    if not STATUS.is_file():
        return 0.0
    fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024


@click.command()
@click.option(
    "--rounds", default=20, show_default=True, type=click.IntRange(1), help="How often all is read."
)
@click.option("--mode", "modes", multiple=True, type=click.Choice(tuple(SENTENCES)), help="Only these modes.")
def main(rounds: int, modes: tuple[str, ...]) -> None:
    """Measure the text front end."""
    click.echo(f"{'mode':6}{'load s':>8}{'memory MB':>11}{'first ms':>10}{'median ms':>11}{'longest ms':>12}")
    for mode in modes or SENTENCES:
        # Spawned, not forked: nothing is loaded there yet.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
            found = executor.submit(measure, mode, rounds).result()
        click.echo(
            f"{mode:6}{found.load_sec:8.2f}{found.memory_mb:11.0f}{found.first_ms:10.2f}"
            f"{found.median_ms:11.2f}{found.longest_ms:12.2f}"
        )


if __name__ == "__main__":
    main()
