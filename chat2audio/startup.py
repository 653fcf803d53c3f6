"""Settings -> engines, catalogue and the banner: everything that happens once, before the first request."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from chat2audio.engines import SpeechEngine, TextEngine
from chat2audio.reply import ReplyOptions
from chat2audio.settings import LLMSettings, Settings, TTSSettings
from llm.chat_model import ModelConfig
from llm.engine import LocalTextConfig, LocalTextEngine
from llm.openai_backend import OpenAITextConfig, OpenAITextEngine
from llm.sampling import SamplingParams
from speakers.catalog import SpeakerCatalog
from tts.pretrained import BERT, G2PW, SPEAKER_NET, SSL
from tts.synthesis import ChunkSizes
from tts.synthesizer import Synthesizer, SynthesizerOptions
from tts.voice import VoiceLoader

log = logging.getLogger(__name__)
MIB = 1 << 20
# A core stays free for the event loop and the other engine: the threads of a step wait for each other, so one
# that is held up holds up all. On two cores the built-in voices speak 1.6 times as fast with one.
USUAL_THREADS = max(1, torch.get_num_threads() - 1)


@dataclass(frozen=True)
class Parts:
    """What the service is made of."""

    settings: Settings
    text_engine: TextEngine
    speech_engine: SpeechEngine
    catalog: SpeakerCatalog
    reply_options: ReplyOptions


def build(settings: Settings) -> Parts:
    """Makes the parts; nothing heavy is loaded before `start` of the engines.

    Raises:
        tts.errors.BadVoice: a model of the voices' common parts cannot be used; names file and reason.
    """
    paths = settings.paths
    return Parts(
        settings=settings,
        text_engine=_text_engine(settings.llm),
        speech_engine=_speech_engine(settings.tts),
        catalog=SpeakerCatalog(paths.speakers_dir, paths.models_dir, roots=paths.voice_roots),
        reply_options=ReplyOptions(
            sampling=_sampling(settings.llm),
            speakable=settings.text.speakable.options(),
            limits=settings.text.splitter.limits(),
        ),
    )


def _text_engine(settings: LLMSettings) -> TextEngine:
    if settings.backend == "openai":
        remote = settings.openai
        return OpenAITextEngine(
            OpenAITextConfig(
                base_url=remote.base_url,
                model=remote.model,
                api_key=remote.api_key.get_secret_value(),
                adapter_models=remote.adapter_models,
                send_extra_fields=remote.send_extra_fields,
            )
        )
    return LocalTextEngine(
        LocalTextConfig(
            model=ModelConfig(
                path=settings.model,
                device=settings.device,
                dtype=settings.dtype,
                quantization=settings.quantization,
                max_context_tokens=settings.context_limit,
            ),
            adapters_dir=settings.adapters_dir,
            max_running=settings.max_running,
            prefix_cache_bytes=settings.prefix_cache_mb * MIB,
            batch_invariant=settings.batch_invariant,
        )
    )


def _sampling(settings: LLMSettings) -> SamplingParams:
    sampling = settings.sampling
    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        repetition_penalty=sampling.repetition_penalty,
        max_new_tokens=sampling.max_new_tokens,
        stop=tuple(sampling.stop),
    )


def _speech_engine(settings: TTSSettings) -> SpeechEngine:
    torch.set_num_threads(settings.threads or USUAL_THREADS)
    pretrained = settings.pretrained()
    loader = VoiceLoader(
        ssl_model=pretrained.place(SSL),
        bert_model=pretrained.find(BERT) if settings.use_bert else None,
        g2pw_model=pretrained.find(G2PW),
        speaker_net=pretrained.find(SPEAKER_NET),
        pretrained=pretrained,
        device=_device(settings.device),
    )
    options = SynthesizerOptions(
        max_running=settings.max_running,
        voice_cache_bytes=settings.voice_cache_mb * MIB,
        chunk_sizes=ChunkSizes(settings.first_chunk_ms / 1000, settings.chunk_ms / 1000),
        pause_sec=settings.pause_ms / 1000,
        batch_invariant=settings.batch_invariant,
    )
    return Synthesizer(loader, options)


def _device(name: str) -> str:
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def banner(parts: Parts, url: str) -> str:
    """What is loaded, from where, and a line to try it with."""
    settings, catalog = parts.settings, parts.catalog
    llm, tts = settings.llm, settings.tts
    model = f"{llm.openai.model} at {llm.openai.base_url}" if llm.backend == "openai" else str(llm.model)
    pretrained = tts.pretrained()
    ssl, bert = pretrained.find(SSL), pretrained.find(BERT) if tts.use_bert else None
    names = ", ".join(catalog.names()) or f"none in {settings.paths.speakers_dir}"
    lines = [
        f"language model  {_short(model)}",
        f"adapters        {_short(llm.adapters_dir or 'none')}",
        f"speech          {_short(ssl or 'as speakers say')}, BERT: {_short(bert or 'none')}",
        f"characters      {names}",
        *(f"problem         {problem}" for problem in problems(catalog)),
        f"page            {url}/",
        f"try             curl -N {url}/chat2audio -H 'Content-Type: application/json' "
        f'-d \'{{"input": "你好！", "speaker": "{settings.server.default_speaker}"}}\'',
    ]
    return "\n".join(lines)


def problems(catalog: SpeakerCatalog) -> list[str]:
    """What is wrong with speakers and can be told without loading them: files and reasons."""
    missing = []
    for speaker in map(catalog.get, catalog.names()):
        missing += [f"speaker {speaker.name}: no such file: {path}" for path in speaker.missing_files()]
        missing += [
            f"speaker {speaker.name}, emotion {emotion} (the others can be used): no such file: {path}"
            for emotion, path in speaker.missing_emotions().items()
        ]
    return [*catalog.problems().values(), *missing]


def _short(path: str | Path) -> str:
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
