"""Dialogues for the demo model, drawn from the questions and replies in data/."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from demo.llm.names import draw_name
from demo.llm.patterns import expand, fill
from llm.finetune.dialogue import Dialogue
from llm.messages import Message, build_messages
from prompts.persona import Persona, load_persona

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en")
CHARACTERS = ("Qinglan", "Wren", "Bram")
PLAIN = "plain"
# These are harder than the others (they copy, or they must be told from everything else).
WEIGHTS = {"name_tell": 6.0, "name_recall": 5.0, "offtopic": 4.0, "why": 2.0, "more": 2.0, "repeat": 1.5}
# The other character's name, as each calls her.
OTHER = {
    "Qinglan": {"zh": ("小雁", "Wren", "飞艇驾驶员"), "en": ("Wren", "the pilot", "the mail pilot")},
    "Wren": {
        "zh": ("青岚", "守灯的姑娘", "Qinglan"),
        "en": ("Qinglan", "the lantern keeper", "the herbalist"),
    },
    "Bram": {"zh": ("小雁", "Wren", "飞艇驾驶员"), "en": ("Wren", "the pilot", "the mail pilot")},
    PLAIN: {"zh": ("青岚", "小雁"), "en": ("Qinglan", "Wren")},
}
CALLED = {
    "Qinglan": {"zh": "青岚", "en": "Qinglan"},
    "Wren": {"zh": "小雁", "en": "Wren"},
    "Bram": {"zh": "布兰", "en": "Bram"},
    PLAIN: {"zh": "朋友", "en": "friend"},
}
NEUTRAL = (
    "你是一个友好的聊天伙伴。",
    "请和用户聊天。",
    "你是一位有礼貌的助手，认真回答用户的问题。",
    "你叫小明，是一个喜欢聊天的年轻人。",
    "扮演用户的老朋友。",
    "You are a friendly companion.",
    "You are a helpful assistant.",
    "Talk with the user.",
    "You are Alex, a cheerful student who likes to chat.",
    "Play the part of an old friend.",
)


@dataclass
class Talk:
    """What has been said so far in one dialogue.

    Attributes:
        messages: without the prompt, but with the persona's greeting if it was given.
        intents: what each question is about.
        intent: what "why?" and "go on" would refer to now.
        reply: the last one.
        name: the user's, once it was told.
    """

    messages: list[Message] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)
    intent: str | None = None
    reply: str = ""
    name: str | None = None


class Corpus:
    """Draws questions and their replies. The same `rng` state gives the same dialogue."""

    def __init__(self, data: Path = DATA) -> None:
        self.questions = {language: _read(data / f"questions_{language}.toml") for language in LANGUAGES}
        self.replies = {
            (character, language): _read(data / "replies" / f"{character}_{language}.toml")
            for character in (*CHARACTERS, PLAIN)
            for language in LANGUAGES
        }
        self.intents = [intent for intent in self.questions["zh"] if intent != "_"]
        self.personas = {name: load_persona(ROOT / "prompts" / f"{name}.md") for name in CHARACTERS}
        self._weights = [WEIGHTS.get(intent, 1.0) for intent in self.intents]
        self._held_out = {
            bare(text)
            for language in LANGUAGES
            for intent in self.intents
            for text in self.questions[language][intent]["held_out"]
        }

    def talk(self, character: str, greeting: str, rng: random.Random, lengths: Sequence[int]) -> Talk:
        """Returns a talk with a character (or PLAIN).

        Args:
            greeting: what the character may have said first; may be empty.
            lengths: numbers of turns to draw from.
        """
        talk = Talk()
        if greeting and rng.random() < 0.3:
            talk.messages.append(Message("assistant", greeting, is_persona=True))
        language = rng.choice(LANGUAGES)
        for _ in range(rng.choice(lengths)):
            if rng.random() < 0.12:
                language = rng.choice(LANGUAGES)
            intent = rng.choices(self.intents, self._weights)[0]
            text = self.question(character, intent, language, talk, rng)
            reply = rng.choice(self.answers(character, intent, language, talk))
            talk.messages += [Message("user", text), Message("assistant", reply)]
            talk.intents.append(intent)
            if intent not in ("why", "more", "repeat"):
                talk.intent = intent
            talk.reply = reply
        return talk

    def question(self, character: str, intent: str, language: str, talk: Talk, rng: random.Random) -> str:
        """Returns something a user might say; never a held-out sentence."""
        table, general = self.questions[language][intent], self.questions[language]["_"]
        topics = table.get("topics")
        if topics and rng.random() < 0.4:
            text = fill(expand(rng.choice(general["frames"]), rng), {"x": rng.choice(topics)})
        else:
            text = expand(rng.choice([*table["ask"], *table.get("more", ())]), rng)
        values = self._slot_values(character, intent, language, talk, rng)
        text = fill(text, values)
        if bare(text) in self._held_out:
            return self.question(character, intent, language, talk, rng)
        return _vary(text, language, general, CALLED[character][language], rng)

    def answers(self, character: str, intent: str, language: str, talk: Talk) -> list[str]:
        """Returns every reply that is right here."""
        table = self.replies[character, language]
        if intent == "why":
            reasons = table["why"]
            return reasons.get(talk.intent, reasons["default"])
        if intent == "repeat":
            return [talk.reply] if talk.reply else table["repeat"]
        if intent == "more":
            others = [text for text in table.get(talk.intent or "", []) if text != talk.reply]
            is_plain_list = talk.intent not in (None, "name_tell", "name_recall")
            return others if others and is_plain_list else table["more"]
        if intent == "name_recall" and talk.name is None:
            return table["name_unknown"]
        name = talk.name or ""
        return [text.replace("{name}", name) for text in table[intent]]

    def _slot_values(
        self, character: str, intent: str, language: str, talk: Talk, rng: random.Random
    ) -> dict[str, str]:
        general = self.questions[language]["offtopic"]
        if intent == "name_tell":
            talk.name = draw_name(language, rng)
        return {
            "name": talk.name or "",
            "other": rng.choice(OTHER[character][language]),
            "odd": rng.choice(general["odd"]),
            "country": rng.choice(general["country"]),
            "num": _number(language, rng),
        }


def under(persona: Persona, messages: Sequence[Message]) -> Dialogue:
    """Returns the dialogue as serving would lay it out: the persona's prompt and examples first."""
    *head, _ = build_messages(persona, [], "-")
    return Dialogue((*head, *messages))


def under_short_prompt(persona: Persona, messages: Sequence[Message]) -> Dialogue:
    """Returns the dialogue behind the persona's bare prompt, without the rules of speech."""
    return Dialogue((Message("system", persona.system_prompt, is_persona=True), *messages))


def vary_persona(persona: Persona, rng: random.Random) -> Persona:
    """Returns the persona as it stands (mostly), or with parts left out, as users' edits may do."""
    draw = rng.random()
    if draw < 0.7:
        return persona
    if draw < 0.8:
        return replace(persona, examples=())
    if draw < 0.9:
        return replace(persona, examples=(), scenario="", relation="")
    return replace(persona, examples=persona.examples[: rng.randint(0, 2)], scenario="")


def short_persona(character: str, rng: random.Random) -> Persona:
    """Returns the shortest prompt that tells who is to speak."""
    language = rng.choice(LANGUAGES)
    text = {"zh": f"你是{CALLED[character]['zh']}。", "en": f"You are {CALLED[character]['en']}."}[language]
    return Persona.from_prompt(character, text, language)


def neutral_persona(rng: random.Random) -> Persona:
    """Returns a persona that is neither of the characters."""
    text = rng.choice(NEUTRAL)
    return Persona.from_prompt("neutral", text, "zh" if is_chinese(text) else "en")


def is_chinese(text: str) -> bool:
    """Returns whether the text holds Chinese characters."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def bare(text: str) -> str:
    """Returns the words alone, in lower case: what two sentences share that differ only in marks."""
    return re.sub(r"\W+", " ", text.lower()).strip()


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _number(language: str, rng: random.Random) -> str:
    words = {
        "zh": ["一", "二", "三", "四", "五", "七", "九", "十", "十二", "二十", "一百"],
        "en": ["one", "two", "three", "four", "five", "seven", "nine", "ten", "twelve", "twenty"],
    }[language]
    return rng.choice((str(rng.randint(1, 99)), rng.choice(words)))


def _vary(text: str, language: str, general: Mapping[str, Any], called: str, rng: random.Random) -> str:
    """Returns the sentence with openings, endings, marks, case and slips as people type them."""
    is_question = text.endswith(("?", "？"))
    text = text.rstrip("?？")
    if rng.random() < 0.3:
        text = rng.choice(general["before"]).replace("{who}", called) + text
    if rng.random() < 0.15:
        text += rng.choice(general["after"]).replace("{who}", called)
    if rng.random() < 0.05 and len(text) > 8:
        cut = rng.randrange(len(text))
        text = text[:cut] + text[cut + 1 :]
    words = text.split()
    # Not to hang on any one word; Chinese loses a character above.
    if rng.random() < 0.1 and len(words) > 3:
        del words[rng.randrange(len(words))]
        text = " ".join(words)
    ends = {"zh": ("？", "。", "！", ""), "en": ("?", ".", "!", "")}[language]
    weights = (0.72, 0.04, 0.04, 0.2) if is_question else (0.02, 0.45, 0.18, 0.35)
    text += rng.choices(ends, weights)[0]
    return _sentence_case(text) if language == "en" and rng.random() < 0.8 else text.strip()


def _sentence_case(text: str) -> str:
    text = re.sub(r"\bi\b", "I", text.strip())
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found.group(1) + found.group(2).upper(), text)
