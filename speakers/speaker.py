"""A speaker: which weights speak, which recording they take after, and how.

The first ten names are the classic ones of GPT-SoVITS users; a dict that holds them works as it is. All else
is optional. Reading a speaker touches no audio and no weights; `missing_files()` says what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from speakers.checks import BadSpeaker, Fields, place
from speakers.languages import language_code
from speakers.lexicon import Lexicon, read_lexicon

__all__ = ["BadSpeaker", "Reference", "Speaker"]

VERSION_NAMES = ("v1", "v2", "v2Pro", "v2ProPlus", "v3", "v4")
PERSONA_LANGUAGES = ("zh", "en")
REQUIRED_KEYS = ("gpt_model", "sovits_model", "ref_audio", "ref_language", "target_language")
REFERENCE_KEYS = ("ref_audio", "ref_text", "ref_language")
MAX_REF_TEXT_CHARS = 500
MAX_EMOTIONS = 64
MAX_AUX_REFERENCES = 16
DEFAULT_EMOTION = "default"


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording a voice takes after: the file, its words ("" if unknown), their language code."""

    audio: Path
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Everything a character's voice is made from; read one with `from_dict`, which checks the values.

    Attributes:
        name: what clients call it.
        gpt_model, sovits_model: the two weight files (semantic model, decoder).
        ref_audio, ref_text, ref_language: the recording the voice takes after, its words ("" if unknown)
            and their language code.
        target_language: the language code spoken text is read with.
        speed_factor: 2.0 speaks twice as fast (0.25 to 4).
        top_k, top_p, temperature, repetition_penalty: sampling of the semantic tokens.
        description: one line for lists.
        persona: file name of the character's words in the prompts folder, or None.
        lora: name of the language model's adapter, or None for the bare model.
        language: "zh" or "en" for lists and prompts; by default taken from target_language.
        emotions: emotion name -> a further reference.
        aux_ref_audios: recordings whose timbre is averaged with the reference's.
        sample_steps: steps of the flow decoders (v3, v4); None leaves it to them.
        splitter: limits of the sentence splitter that differ from the configured ones.
        version: model version, where it cannot be told from the files; None detects it.
        lexicon: word -> reading, and language -> such words, for the text front end.
        ssl_model: folder of the HuBERT the voice was trained with, where it is not the configured one.
        sovits_base: the model a LoRA sovits_model was trained on, where it is not the pretrained one.
    """

    name: str
    gpt_model: Path
    sovits_model: Path
    ref_audio: Path
    ref_text: str
    ref_language: str
    target_language: str
    speed_factor: float = 1.0
    top_k: int = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35
    description: str = ""
    persona: str | None = None
    lora: str | None = None
    language: str = "zh"
    emotions: Mapping[str, Reference] = field(default_factory=_nothing, hash=False)
    aux_ref_audios: tuple[Path, ...] = ()
    sample_steps: int | None = None
    splitter: Mapping[str, float] = field(default_factory=_nothing, hash=False)
    version: str | None = None
    lexicon: Lexicon = field(default_factory=_nothing, hash=False)
    ssl_model: Path | None = None
    sovits_base: Path | None = None

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        name: str | None = None,
        source: str = "speaker",
        folder: str | Path | None = None,
        models_dir: str | Path | None = None,
        roots: Sequence[str | Path] = (),
    ) -> Speaker:
        """Read a speaker from a dict: a parsed TOML file, or an old Python one.

        Args:
            data: the keys are the attributes of this class.
            name: used where the dict gives no name.
            source: the file or dict named in errors.
            folder: relative paths are looked for here first (the speaker file's folder), ...
            models_dir: ... then here; a file found in neither is taken to belong here.
            roots: if given, every path must lie inside one of these folders, symbolic links followed.

        Raises:
            BadSpeaker: names the source, the key, the reason and what would be valid.
        """
        take = Fields(data, source=source, valid=[f.name for f in fields(cls)], required=REQUIRED_KEYS)

        def path(key: str, value: object) -> Path:
            return place(take, key, value, folder=folder, models_dir=models_dir, roots=roots)

        ssl_model, sovits_base = take.value("ssl_model"), take.value("sovits_base")
        sample_steps = take.value("sample_steps")
        target_language = _language(take, "target_language", take.value("target_language"))
        ref_language = _language(take, "ref_language", take.value("ref_language"))
        return cls(
            name=take.line("name", default=name, max_chars=64),
            gpt_model=path("gpt_model", take.value("gpt_model")),
            sovits_model=path("sovits_model", take.value("sovits_model")),
            ref_audio=path("ref_audio", take.value("ref_audio")),
            ref_text=take.line("ref_text", default="", max_chars=MAX_REF_TEXT_CHARS, may_be_empty=True),
            ref_language=ref_language,
            target_language=target_language,
            speed_factor=take.number("speed_factor", 1.0, low=0.25, high=4.0),
            top_k=take.integer("top_k", 15, low=1, high=1025),
            top_p=take.number("top_p", 1.0, low=0.01, high=1.0),
            temperature=take.number("temperature", 1.0, low=0.01, high=2.0),
            repetition_penalty=take.number("repetition_penalty", 1.35, low=1.0, high=2.0),
            description=take.line("description", default="", max_chars=500, may_be_empty=True),
            persona=take.file_name("persona"),
            lora=take.file_name("lora"),
            language=take.choice("language", PERSONA_LANGUAGES) or _persona_language(target_language),
            emotions=_read_emotions(take, path, ref_language),
            aux_ref_audios=_read_aux_references(take, path),
            sample_steps=None if sample_steps is None else take.integer("sample_steps", 8, low=1, high=128),
            splitter=_read_splitter(take),
            version=take.choice("version", VERSION_NAMES),
            lexicon=read_lexicon(take),
            ssl_model=None if ssl_model is None else path("ssl_model", ssl_model),
            sovits_base=None if sovits_base is None else path("sovits_base", sovits_base),
        )

    def reference(self, emotion: str | None = None) -> Reference:
        """Return the reference of an emotion; none, "" and "default" mean the speaker's own.

        Raises:
            BadSpeaker: no such emotion; the message names the ones there are.
        """
        emotion = emotion or DEFAULT_EMOTION
        if emotion in self.emotions:
            return self.emotions[emotion]
        if emotion == DEFAULT_EMOTION:
            return Reference(self.ref_audio, self.ref_text, self.ref_language)
        raise BadSpeaker(f"{self.name} has no emotion {emotion!r}; it has: {', '.join(self.emotion_names())}")

    def with_emotion(self, emotion: str | None = None) -> Speaker:
        """Return this speaker with the reference of an emotion as its own.

        Raises:
            BadSpeaker: see `reference`.
        """
        chosen = self.reference(emotion)
        return replace(self, ref_audio=chosen.audio, ref_text=chosen.text, ref_language=chosen.language)

    def emotion_names(self) -> tuple[str, ...]:
        """Return the emotions that `reference` knows, "default" first."""
        return (DEFAULT_EMOTION, *(name for name in self.emotions if name != DEFAULT_EMOTION))

    def files(self) -> tuple[Path, ...]:
        """Return every file this speaker needs (and the SSL folder, if it names one), each once.

        Recordings of emotions are not among them: whoever asks for none of those can do without.
        """
        wanted = (self.gpt_model, self.sovits_model, self.ref_audio, *self.aux_ref_audios)
        optional = (path for path in (self.ssl_model, self.sovits_base) if path is not None)
        return tuple(dict.fromkeys((*wanted, *optional)))

    def missing_files(self) -> tuple[Path, ...]:
        """Return the files this speaker needs that are not there (now)."""
        return tuple(path for path in self.files() if not path.exists())

    def missing_emotions(self) -> Mapping[str, Path]:
        """Return emotion -> recording for the emotions whose recording is not there (now)."""
        return {name: one.audio for name, one in self.emotions.items() if not one.audio.exists()}


def _language(take: Fields, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise take.bad(key, f"must be a language name, not {value!r}")
    try:
        return language_code(value)
    except ValueError as error:
        raise take.bad(key, str(error)) from error


def _persona_language(target_language: str) -> str:
    return "en" if target_language == "en" else "zh"


def _read_emotions(take: Fields, path: Any, ref_language: str) -> Mapping[str, Reference]:
    emotions: dict[str, Reference] = {}
    for emotion, value in take.table("emotions", max_items=MAX_EMOTIONS).items():
        where = f"emotions.{emotion}"
        inner = Fields(value, source=take.source, valid=REFERENCE_KEYS, required=("ref_audio",), where=where)
        language = inner.value("ref_language")
        emotions[emotion] = Reference(
            audio=path(f"{where}.ref_audio", inner.value("ref_audio")),
            text=inner.line("ref_text", default="", max_chars=MAX_REF_TEXT_CHARS, may_be_empty=True),
            language=ref_language if language is None else _language(inner, "ref_language", language),
        )
    return MappingProxyType(emotions)


def _read_aux_references(take: Fields, path: Any) -> tuple[Path, ...]:
    value = take.value("aux_ref_audios")
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MAX_AUX_REFERENCES:
        raise take.bad("aux_ref_audios", f"must be a list of at most {MAX_AUX_REFERENCES} paths")
    return tuple(path("aux_ref_audios", item) for item in value)


def _read_splitter(take: Fields) -> Mapping[str, float]:
    inner = Fields(take.table("splitter", max_items=32), source=take.source, valid=None, where="splitter")
    limits = {key: inner.number(key, 0.0, low=0.0, high=10000.0) for key in inner.data}
    return MappingProxyType(
        {key: int(value) if value.is_integer() else value for key, value in limits.items()}
    )
