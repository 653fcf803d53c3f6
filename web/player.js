// Plays pieces of 16-bit audio one after the other without gaps.

const LEAD_SEC = 0.12; // silence before the first piece and after running dry: absorbs the network's jitter

export class Player {
  #context;
  #sources = new Set();
  #starts = []; // [time, seq, text] of every piece, for what has been heard
  #end = 0;

  /** Call it while handling a click or key, or the browser keeps the sound off. */
  wake(sampleRate = this.#context?.sampleRate ?? 32000) {
    if (this.#context?.sampleRate !== sampleRate) {
      this.#context?.close();
      this.#sources.clear();
      this.#context = new AudioContext({ sampleRate });
    }
    this.#context.resume();
    this.#end = 0;
    this.#starts = [];
  }

  /** @param {{seq: number, audio: string, text: string}} piece  audio: base64 of s16le mono samples */
  play({ seq, audio, text }, sampleRate) {
    const view = new DataView(Uint8Array.from(atob(audio), (c) => c.charCodeAt(0)).buffer);
    const length = view.byteLength >> 1;
    if (length === 0) return;
    const buffer = this.#context.createBuffer(1, length, sampleRate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const now = this.#context.currentTime;
    const start = this.#end > now ? this.#end : now + LEAD_SEC;
    this.#starts.push([start, seq, text]);
    this.#end = start + length / sampleRate;
    this.#sources.add(source);
    source.onended = () => this.#sources.delete(source);
    source.start(start);
  }

  /** Seconds of sound still to come. */
  get leftSec() {
    return Math.max(0, this.#end - (this.#context?.currentTime ?? 0));
  }

  /** The sentences that have begun to sound. */
  heard() {
    const now = this.#context?.currentTime ?? 0;
    const begun = new Map(this.#starts.filter(([start]) => start <= now).map(([, seq, text]) => [seq, text]));
    return [...begun.values()].join("");
  }

  stop() {
    for (const source of this.#sources) source.stop();
    this.#sources.clear();
    this.#end = 0;
  }
}
