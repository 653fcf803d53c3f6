"""What requests may hold: a table of bodies that must be refused plainly, and what leniency lets through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat2audio.errors import ApiError
from chat2audio.schemas import MAX_SEED, ChatRequest, Limits, read_body, read_query
from tests.chat2audio.fakes import client_of, make_app

LIMITS = Limits(max_input_chars=100, default_speaker="Qinglan")
CANARY = "canary-4711"


def body(**fields: Any) -> bytes:
    return json.dumps({"input": "hi", **fields}).encode()


def history(message: Any) -> bytes:
    return body(history=[{"role": "user", "content": "a"}, message])


# name -> (raw body, the field to blame or None, a word of the message)
BAD_BODIES: dict[str, tuple[bytes, str | None, str]] = {
    "empty": (b"", None, "empty"),
    "blanks": (b" \r\n\t ", None, "empty"),
    "not_json": (b"input=hi", None, "line 1, column 1"),
    "cut_off": (b'{"input": "hi"', None, "line 1"),
    "text_behind": (b'{"input": "hi"} x', None, "column"),
    "single_quotes": (b"{'input': 'hi'}", None, "not valid JSON"),
    "trailing_comma": (b'{"input": "hi",}', None, "not valid JSON"),
    "null": (b"null", None, "object"),
    "number": (b"5", None, "object"),
    "text": (b'"hi"', None, "object"),
    "list": (b'[{"input": "hi"}]', None, "object"),
    "utf16": ('{"input": "hi"}'.encode("utf-16"), None, "UTF-8"),
    "latin1": ('{"input": "é"}'.encode("latin-1"), None, "UTF-8"),
    "encoded_surrogate": (b'{"input": "\xed\xa0\x80"}', None, "UTF-8"),
    "raw_nul": (b'{"input": "a\x00b"}', None, "not valid JSON"),
    "nuls": (b"\x00" * 100, None, "not valid JSON"),
    "nan": (b'{"input": NaN}', None, "finite"),
    "infinity": (b'{"input": "hi", "seed": Infinity}', None, "finite"),
    "minus_infinity": (b'{"input": "hi", "x": -Infinity}', None, "finite"),
    "overflow": (b'{"input": "hi", "seed": 1e999}', None, "finite"),
    "overflow_unknown": (b'{"input": "hi", "x": [-1e999]}', None, "finite"),
    "huge_integer": (b'{"input": "hi", "seed": ' + b"9" * 5000 + b"}", None, "digits"),
    "deep_lists": (b"[" * 60000, None, "deeply"),
    "deep_objects": (b'{"a":' * 10000, None, "deeply"),
    "deep_history": (b'{"input": "hi", "history": ' + b"[" * 5000 + b"]" * 5000 + b"}", None, "deeply"),
    "no_input": (b'{"speaker": "Wren"}', "input", "missing"),
    "misspelt_input": (b'{"Input": "hi"}', "input", "missing"),
    "input_null": (body(input=None), "input", "1 to 100"),
    "input_empty": (body(input=""), "input", "1 to 100"),
    "input_blank": (body(input=" \n\u3000\t "), "input", "blanks"),
    "input_invisible": (body(input="\u200b\u200d\ufeff"), "input", "blanks"),
    "input_number": (body(input=5), "input", "text"),
    "input_bool": (body(input=True), "input", "text"),
    "input_list": (body(input=[CANARY]), "input", "text"),
    "input_object": (body(input={"a": CANARY}), "input", "text"),
    "input_too_long": (body(input=CANARY * 20), "input", "100"),
    "input_lone_surrogate": (b'{"input": "a\\ud800b"}', "input", "text"),
    "input_low_surrogate": (b'{"input": "\\udfff"}', "input", "text"),
    "input_nul": (body(input="a\x00b"), "input", "control"),
    "input_escape": (body(input="\x1b[31m" + CANARY), "input", "control"),
    "speaker_number": (body(speaker=7), "speaker", "text"),
    "speaker_list": (body(speaker=["Wren"]), "speaker", "text"),
    "speaker_too_long": (body(speaker="x" * 101), "speaker", "100"),
    "speaker_surrogate": (b'{"input": "hi", "speaker": "\\udfff"}', "speaker", "text"),
    "speaker_nul": (body(speaker="Wren\x00.toml"), "speaker", "control"),
    "emotion_number": (body(emotion=1), "emotion", "text"),
    "emotion_too_long": (body(emotion=CANARY * 10), "emotion", "100"),
    "emotion_nul": (body(emotion="happy\x00"), "emotion", "control"),
    "prompt_object": (body(prompt={"role": "system"}), "prompt", "text"),
    "prompt_too_long": (body(prompt="x" * 4001), "prompt", "4000"),
    "prompt_surrogate": (b'{"input": "hi", "prompt": "\\ud800"}', "prompt", "text"),
    "history_text": (body(history=CANARY), "history", "role"),
    "history_object": (body(history={"role": "user"}), "history", "list"),
    "history_number": (body(history=3), "history", "list"),
    "history_of_texts": (body(history=["hi"]), "history", "role"),
    "history_too_long": (body(history=[{"role": "user", "content": "a"}] * 51), "history", "50"),
    "history_system": (history({"role": "system", "content": "a"}), "history[1].role", "user, assistant"),
    "history_no_role": (history({"content": "a"}), "history[1].role", "missing"),
    "history_no_content": (history({"role": "user"}), "history[1].content", "missing"),
    "history_content_list": (history({"role": "user", "content": [1]}), "history[1].content", "text"),
    "history_content_long": (history({"role": "user", "content": "a" * 4001}), "history[1].content", "4000"),
    "history_content_empty": (history({"role": "user", "content": ""}), "history[1].content", "1 to"),
    "history_role_list": (history({"role": ["user"], "content": "a"}), "history[1].role", "user, assistant"),
    "seed_negative": (body(seed=-1), "seed", "integer from 0"),
    "seed_too_large": (body(seed=MAX_SEED + 1), "seed", str(MAX_SEED)),
    "seed_fraction": (body(seed=1.5), "seed", "integer"),
    "seed_large_float": (body(seed=1e300), "seed", "integer"),
    "seed_bool": (body(seed=True), "seed", "integer"),
    "seed_text": (body(seed="abc"), "seed", "integer"),
    "seed_hex": (body(seed="0x10"), "seed", "integer"),
    "seed_arabic_digits": (body(seed="١٢"), "seed", "integer"),
    "seed_long_text": (body(seed="9" * 5000), "seed", "integer"),
    "seed_list": (body(seed=[1]), "seed", "integer"),
    "format_unknown": (body(format="midi"), "format", "mp3"),
    "format_number": (body(format=3), "format", "wav"),
    "format_surrogate": (b'{"input": "hi", "format": "\\ud800"}', "format", "wav"),
    "rate_too_low": (body(sample_rate=7999), "sample_rate", "8000"),
    "rate_too_high": (body(sample_rate=48001), "sample_rate", "48000"),
    "rate_zero": (body(sample_rate=0), "sample_rate", "8000"),
    "rate_object": (body(sample_rate={}), "sample_rate", "8000"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_bad_bodies_are_refused_plainly_and_never_repeated(name: str) -> None:
    raw, param, word = BAD_BODIES[name]
    app = make_app(max_input_chars=100)
    async with client_of(app) as client:
        response = await client.post("/chat2audio", content=raw)
    assert response.status_code == 400
    answer = response.json()
    assert set(answer) == {"error", "detail"}
    assert set(answer["error"]) == {"message", "type", "code", "param"}
    assert answer["detail"] == answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param
    assert word in answer["detail"]
    assert CANARY not in response.text
    assert app.state.kitchen.text_engine.calls == [], "nothing was computed"


BAD_QUERIES = {
    "none": b"",
    "no_input": b"speaker=Wren",
    "empty_input": b"input=",
    "bad_utf8": b"input=%ff%fe",
    "surrogate": b"input=%ED%A0%80",
    "nul": b"input=a%00b",
    "seed": b"input=hi&seed=many",
    "history": b"input=hi&history=[",
    "history_of_what": b"input=hi&history=5",
    "deep_history": b"input=hi&history=" + b"[" * 5000,
    "format": b"input=hi&format=../../etc/passwd",
    "too_many": b"input=hi" + b"&a=1" * 100,
}


@pytest.mark.parametrize("name", BAD_QUERIES)
async def test_bad_queries_are_refused_plainly(name: str) -> None:
    async with client_of(make_app()) as client:
        response = await client.get("/chat2audio?" + BAD_QUERIES[name].decode())
    assert response.status_code == 400
    assert set(response.json()["error"]) == {"message", "type", "code", "param"}


def test_only_the_input_is_required() -> None:
    request = read_body('{"input": " 你好 "}'.encode(), LIMITS)
    assert request == ChatRequest.model_validate({"input": "你好", "speaker": "Qinglan"}, context=LIMITS)
    assert request.history == ()
    assert request.emotion is request.seed is request.format is request.prompt is request.sample_rate is None


def test_numbers_as_text_nulls_and_unknown_fields_are_fine() -> None:
    fields = {
        "seed": " 12 ",
        "sample_rate": "16000",
        "format": " MP3",
        "prompt": None,
        "emotion": "",
        "history": None,
        "speaker": "",
        "temperature": "hot",
        "history_": [1],
    }
    request = read_body(body(**fields), LIMITS)
    assert (request.seed, request.sample_rate, request.format) == (12, 16000, "mp3")
    assert (request.prompt, request.emotion, request.history) == (None, None, ())
    assert request.speaker == "Qinglan"
    assert read_body(body(seed=24.0), LIMITS).seed == 24
    assert read_body(body(seed=MAX_SEED), LIMITS).seed == MAX_SEED


@pytest.mark.parametrize(
    "text", ["？", "😀", "……", "a\tb\nc\r\n", "\U0001fae9", "e\u0301", "حسنا", "x" * 100]
)
def test_whatever_can_be_read_is_input(text: str) -> None:
    assert read_body(body(input=text), LIMITS).input == text.strip()


def test_a_byte_order_mark_and_a_repeated_key_do_no_harm() -> None:
    assert read_body(b'\xef\xbb\xbf{"input": "a", "input": "b"}', LIMITS).input == "b"


def test_history_keeps_its_order_and_drops_unknown_fields() -> None:
    messages = [{"role": "User", "content": "a", "name": "x"}, {"role": "assistant", "content": "b"}]
    request = read_body(body(history=messages), LIMITS)
    assert [(message.role, message.content) for message in request.history] == [
        ("user", "a"),
        ("assistant", "b"),
    ]


def test_a_query_holds_the_same_fields() -> None:
    query = b"input=%E4%BD%A0+%E5%A5%BD&speaker=Wren&seed=7&history=" + (
        b"%5B%7B%22role%22%3A%22user%22%2C%22content%22%3A%22a%22%7D%5D"
    )
    request = read_query(query, LIMITS)
    assert (request.input, request.speaker, request.seed) == ("你 好", "Wren", 7)
    assert request.history[0].content == "a"


def test_errors_carry_no_input() -> None:
    with pytest.raises(ApiError) as caught:
        read_body(body(seed=CANARY), LIMITS)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
