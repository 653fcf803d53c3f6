"""The tables of the settings: every name, default, limit and meaning."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from chat2audio.limits import SplitLimits
from chat2audio.speakable import SpeakableOptions
from tts.pretrained import BERT, SPEAKER_NET, SSL, PretrainedModels

_Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
_Name = Annotated[str, Field(min_length=1, max_length=64)]


class Section(BaseModel):
    """One table of the settings; unknown keys are errors and nothing changes after start."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def _origin(value: str) -> str:
    if value != "*" and not re.fullmatch(r"https?://[^/\s]+", value):
        raise ValueError(
            'must be "*" or like "https://example.org" or "http://localhost:3000", without a path'
        )
    return value


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text.startswith("sha256:"):
        if not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", text):
            raise ValueError("sha256: must be followed by 64 hexadecimal digits")
    elif len(text) < 8 or not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError("must be 8 or more printable ASCII characters, or sha256: and 64 hexadecimal digits")
    return value


class ServerSettings(Section):
    """[server]: the two HTTP services."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for all.")
    stream_port: int = Field(default=8000, ge=1, le=65535, description="Port of app_stream.py.")
    file_port: int = Field(default=8001, ge=1, le=65535, description="Port of app_non_stream.py.")
    cors_origins: list[Annotated[str, AfterValidator(_origin)]] = Field(
        default=[],
        description='Web pages allowed to call from a browser, such as "https://example.org"; "*" for all.',
    )
    api_keys: list[Annotated[SecretStr, AfterValidator(_key)]] = Field(
        default=[], description="Keys accepted as Authorization: Bearer; none means no key is asked for."
    )
    allow_no_key: bool = Field(
        default=False, description="Listen on other addresses than this machine's own without any key."
    )
    default_speaker: _Name = Field(default="Qinglan", description="Who speaks when a request names nobody.")
    max_input_chars: int = Field(
        default=2000, ge=1, le=100000, description="Longest user text, in characters."
    )
    max_body_bytes: int = Field(
        default=65536, ge=1024, le=16777216, description="Longest request body, in bytes."
    )
    max_concurrent: int = Field(default=8, ge=1, le=1024, description="Replies made at the same time.")
    max_waiting: int = Field(
        default=16, ge=0, le=4096, description="Requests that may wait for a place; more get 503."
    )
    request_timeout_sec: float = Field(
        default=120.0, gt=0, le=3600, description="Longest time for one reply."
    )
    send_timeout_sec: float = Field(
        default=10.0, gt=0, le=600, description="Longest time a client may not read."
    )
    drain_timeout_sec: float = Field(
        default=20.0, ge=0, le=600, description="Time running replies get at shutdown."
    )

    @model_validator(mode="after")
    def _closed_to_strangers(self) -> ServerSettings:
        if not _is_loopback(self.host) and not self.api_keys and not self.allow_no_key:
            raise ValueError(
                f"host {self.host} can be reached from other machines: set api_keys, or allow_no_key = true"
            )
        return self

    def key_digests(self) -> tuple[bytes, ...]:
        """Return the SHA-256 digest (32 bytes) of each API key, for comparison in constant time."""
        texts = [key.get_secret_value() for key in self.api_keys]
        return tuple(
            bytes.fromhex(text[7:]) if text.startswith("sha256:") else hashlib.sha256(text.encode()).digest()
            for text in texts
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class SamplingSettings(Section):
    """[llm.sampling]: how the language model picks its tokens unless a request says otherwise."""

    temperature: float = Field(
        default=0.7, ge=0, le=2, description="Randomness; 0 takes the likeliest token."
    )
    top_p: float = Field(default=0.8, gt=0, le=1, description="Share of probability that may be picked from.")
    top_k: int = Field(default=20, ge=0, le=1000, description="Tokens that may be picked from; 0 for all.")
    repetition_penalty: float = Field(
        default=1.05, ge=1, le=2, description="Above 1 makes repetition less likely."
    )
    max_new_tokens: int = Field(default=200, ge=1, le=8192, description="Longest reply, in tokens.")
    stop: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default=[], max_length=16, description="A reply ends before any of these texts."
    )


class OpenAISettings(Section):
    """[llm.openai]: a server with OpenAI's interface (vLLM, SGLang, llama.cpp, Ollama, ...)."""

    base_url: str = Field(
        default="http://127.0.0.1:8080/v1",
        pattern=r"^https?://\S+$",
        description="Address up to and with /v1.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Key sent to that server; empty sends none."
    )
    model: str = Field(default="", description="Model name sent for speakers without an adapter (lora).")

    adapter_models: dict[str, str] = Field(
        default={}, description="Adapter (lora of a speaker) -> that server's model name for it."
    )
    send_extra_fields: bool = Field(
        default=False, description="Send top_k and repetition_penalty too; vLLM and SGLang take them."
    )


class LLMSettings(Section):
    """[llm]: the language model."""

    backend: Literal["local", "openai"] = Field(
        default="local", description="local loads `model`; openai calls one."
    )
    model: Path = Field(
        default=Path("models/demo/llm"), description="Folder of the model, in transformers format."
    )
    adapters_dir: Path | None = Field(
        default=Path("models/demo/llm/adapters"),
        description="Folder of LoRA adapters, one folder each; empty for none.",
    )
    device: _Device = Field(
        default="auto", description="auto, cpu, cuda or cuda:1; auto takes a GPU if there is."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="Number format."
    )
    quantization: Literal["none", "bnb-8bit", "bnb-4bit"] = Field(
        default="none", description="Weights in fewer bits; needs a GPU and requirements-gpu.txt."
    )
    max_running: int = Field(default=8, ge=1, le=1024, description="Replies generated together.")
    context_limit: int = Field(
        default=4096, ge=256, le=131072, description="Longest prompt and reply, in tokens."
    )
    prefix_cache_mb: int = Field(
        default=256, ge=0, le=1048576, description="Memory for prompts already read; 0: none."
    )
    batch_invariant: bool = Field(
        default=False, description="Same text alone or among others, bit for bit, at some cost in speed."
    )
    sampling: SamplingSettings = SamplingSettings()
    openai: OpenAISettings = OpenAISettings()


class TTSSettings(Section):
    """[tts]: the voices."""

    device: _Device = Field(
        default="auto", description="auto, cpu, cuda or cuda:1; auto takes a GPU if there is."
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="CPU threads of one model step; 0: all cores but one."
    )
    pretrained_dir: Path = Field(
        default=Path("models"),
        description="Folder of the pretrained models (HuBERT, vocoders, ...); an upstream install will do.",
    )
    ssl_model: Path | None = Field(
        default=None,
        description="Folder of the HuBERT that reads references; empty looks in pretrained_dir.",
    )
    bert_model: Path | None = Field(
        default=None,
        description="Folder of the Chinese BERT; empty looks in pretrained_dir and does without if need be.",
    )
    use_bert: bool = Field(default=True, description="Use the Chinese BERT if it is there.")
    speaker_net: Path | None = Field(
        default=None,
        description="File of the speaker network of v2Pro, v2ProPlus; empty looks in pretrained_dir.",
    )
    voice_cache_mb: int = Field(default=4096, ge=64, le=1048576, description="Memory for voices kept ready.")
    max_running: int = Field(default=8, ge=1, le=1024, description="Sentences spoken together.")
    batch_invariant: bool = Field(
        default=False, description="Same speech alone or among others, bit for bit, at some cost in speed."
    )
    # The decoder works in steps of 320 ms and looks 220 ms ahead: two steps give 420 ms, then one each 320.
    first_chunk_ms: int = Field(
        default=420, ge=40, le=5000, description="Length of a reply's first piece of audio."
    )
    pause_ms: int = Field(default=200, ge=0, le=5000, description="Silence after each sentence.")
    chunk_ms: int = Field(default=640, ge=40, le=5000, description="Length of the later pieces of audio.")

    def pretrained(self) -> PretrainedModels:
        """Return what finds the pretrained parts: where one is set, else in the folder for all."""
        chosen = {SSL: self.ssl_model, BERT: self.bert_model, SPEAKER_NET: self.speaker_net}
        return PretrainedModels(self.pretrained_dir, chosen)


class SpeakableSettings(Section):
    """[text.speakable]: what of a reply is not said."""

    asides: str = Field(
        default="([{*", description='Opening marks of stage directions; "「" "《" "“" and "<" may be added.'
    )
    show_asides: bool = Field(default=True, description="Keep stage directions in the text on the screen.")
    max_held_chars: int = Field(
        default=300, ge=1, le=10000, description="How long text waits for a closing bracket; 汉字 count 3."
    )
    speak_urls: bool = Field(default=True, description="Say web and e-mail addresses.")
    speak_code: bool = Field(default=False, description="Say fenced code and tables.")
    think_tags: list[Annotated[str, Field(pattern=r"^\w+$", max_length=32)]] = Field(
        default=["think", "thinking"], description="Tags of reasoning that is neither shown nor said."
    )
    starts_thinking: bool = Field(default=False, description="Replies begin inside such a tag.")

    @model_validator(mode="after")
    def _known_marks(self) -> SpeakableSettings:
        self.options()
        return self

    def options(self) -> SpeakableOptions:
        """Return them as the speakable stage takes them."""
        return SpeakableOptions(**{**self.model_dump(), "think_tags": tuple(self.think_tags)})


class SplitterSettings(Section):
    """[text.splitter]: how much is spoken at once; a 汉字 or kana counts 1, a word 1.5."""

    first_min: float = Field(
        default=4, ge=0, le=1000, description="A reply's first piece may end from here on."
    )
    first_max: float = Field(
        default=15, ge=4, le=1000, description="It is cut at the best place before this."
    )
    second_min: float = Field(default=8, ge=0, le=1000, description="The same for the second piece.")
    second_max: float = Field(default=30, ge=4, le=1000, description="The same for the second piece.")
    later_min: float = Field(default=6, ge=0, le=1000, description="Shorter sentences join the next one.")
    later_max: float = Field(default=50, ge=4, le=1000, description="Longer sentences are cut.")
    clause_pieces: int = Field(default=2, ge=0, le=1000, description="Pieces that may end at a comma.")
    word_units: float = Field(default=1.5, gt=0, le=4, description="What a word of a spaced language counts.")
    max_chars: int = Field(default=300, ge=16, le=10000, description="Most characters of a piece.")

    @model_validator(mode="after")
    def _in_order(self) -> SplitterSettings:
        self.limits()
        return self

    def limits(self, changes: Mapping[str, float] | None = None) -> SplitLimits:
        """Return them as the splitter takes them, with a speaker's `splitter` table laid over them.

        Raises:
            ValueError: a change with an unknown name, or limits that contradict each other.
        """
        return SplitLimits.from_dict({**self.model_dump(), **(changes or {})})


class TextSettings(Section):
    """[text]: from the model's words to what is said."""

    speakable: SpeakableSettings = SpeakableSettings()
    splitter: SplitterSettings = SplitterSettings()


class PathSettings(Section):
    """[paths]: where things are kept."""

    models_dir: Path = Field(
        default=Path("models"), description="Weights; relative paths in speakers start here."
    )
    speakers_dir: Path = Field(default=Path("speakers"), description="Speakers, one TOML file each.")
    prompts_dir: Path = Field(default=Path("prompts"), description="Personas, one Markdown file each.")
    voice_roots: list[Path] = Field(
        default=[], description="If given, the files of every speaker must lie inside these folders."
    )
