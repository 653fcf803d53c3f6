// Run by test_page.py with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Player } from "../../web/player.js";

let contexts = [];
let started = [];
let numStopped = 0;

class FakeContext {
  currentTime = 0;
  isClosed = false;
  constructor({ sampleRate }) {
    this.sampleRate = sampleRate;
    contexts.push(this);
  }
  resume() {}
  close() {
    this.isClosed = true;
  }
  createBuffer(channels, length, rate) {
    const samples = new Float32Array(length);
    return { channels, rate, samples, getChannelData: () => samples };
  }
  createBufferSource() {
    const source = { connect() {}, stop: () => numStopped++ };
    source.start = (at) => started.push({ at, ...source.buffer });
    return source;
  }
}

function piece(seq, samples, text = `sentence ${seq}.`) {
  const bytes = Buffer.alloc(2 * samples.length);
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, 2 * i));
  return { seq, text, audio: bytes.toString("base64") };
}

beforeEach(() => {
  globalThis.AudioContext = FakeContext;
  contexts = [];
  started = [];
  numStopped = 0;
});

test("samples are little-endian 16 bit, scaled to -1..1", () => {
  const player = new Player();
  player.wake(24000);
  player.play(piece(0, [0, 16384, -32768, 32767]), 24000);
  assert.deepEqual([...started[0].samples], [0, 0.5, -1, Math.fround(32767 / 32768)]);
  assert.deepEqual([started[0].channels, started[0].rate], [1, 24000]);
});

test("pieces follow each other without gap or overlap, with a lead only after silence", () => {
  const player = new Player();
  player.wake(1000);
  for (const length of [100, 50, 1]) player.play(piece(0, Array(length).fill(1)), 1000);
  const [first, second, third] = started.map(({ at }) => at);
  assert.ok(first > 0 && first < 0.5);
  assert.equal(second, first + 0.1);
  assert.equal(third, second + 0.05);
  contexts[0].currentTime = 10;
  assert.equal(player.leftSec, 0);
  player.play(piece(1, [1]), 1000);
  assert.equal(started[3].at, 10 + first);
});

test("the sound of a silent piece is not scheduled", () => {
  const player = new Player();
  player.wake();
  player.play({ seq: 0, text: "", audio: "" }, 32000);
  assert.equal(started.length, 0);
});

test("heard() names each sentence that began, once", () => {
  const player = new Player();
  player.wake(1000);
  assert.equal(player.heard(), "");
  player.play(piece(0, Array(1000).fill(1)), 1000);
  player.play(piece(0, Array(1000).fill(1)), 1000);
  player.play(piece(1, Array(1000).fill(1)), 1000);
  assert.equal(player.heard(), "");
  contexts[0].currentTime = 1.5;
  assert.equal(player.heard(), "sentence 0.");
  contexts[0].currentTime = 2.5;
  assert.equal(player.heard(), "sentence 0.sentence 1.");
});

test("stop ends every piece, a new rate makes a new context", () => {
  const player = new Player();
  player.wake(1000);
  player.play(piece(0, [1]), 1000);
  player.play(piece(1, [1]), 1000);
  player.stop();
  assert.equal(numStopped, 2);
  assert.equal(player.leftSec, 0);
  player.wake();
  assert.equal(contexts.length, 1);
  player.wake(2000);
  assert.deepEqual(contexts.map(({ sampleRate, isClosed }) => [sampleRate, isClosed]), [[1000, true], [2000, false]]);
});
