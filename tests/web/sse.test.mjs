// Run by test_page.py with `node --test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser, readEvents } from "../../web/sse.js";

const STREAM =
  ': ping\n\nevent: meta\ndata: {"sample_rate":32000}\n\nevent: text\r\ndata: {"delta":"你好，😀"}\r\n\r\n' +
  'id: 7\rretry: 5\rdata:{"a":\rdata: "b"}\r\r: comment\nevent: nothing\n\nevent: done\ndata: {}\nother: x\n\ndata: {"lost":1}';
const EVENTS = [
  { event: "meta", data: { sample_rate: 32000 } },
  { event: "text", data: { delta: "你好，😀" } },
  { event: "message", data: { a: "b" } },
  { event: "done", data: {} },
];

function streamOf(bytes, size, onCancel) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += size)));
    },
    cancel: onCancel,
  });
}

test("every way of cutting the bytes gives the same events", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let size = 1; size <= bytes.length; size++) {
    const events = [];
    for await (const event of readEvents(streamOf(bytes, size))) events.push(event);
    assert.deepEqual(events, EVENTS, `pieces of ${size} bytes`);
  }
});

test("every pair of text pieces gives the same events", () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const parser = new EventParser();
    const events = [...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))];
    assert.deepEqual(events.map(({ event, data }) => ({ event, data: JSON.parse(data) })), EVENTS, `cut at ${cut}`);
  }
});

test("only one blank after the colon is taken off, and a field may have no colon", () => {
  assert.deepEqual(new EventParser().push("data:  x\ndata\n\n"), [{ event: "message", data: " x\n" }]);
});

test("a reader that stops listening closes the stream", async () => {
  let isCancelled = false;
  const bytes = new TextEncoder().encode(STREAM);
  for await (const _ of readEvents(streamOf(bytes, 50, () => (isCancelled = true)))) break;
  assert.ok(isCancelled);
});
