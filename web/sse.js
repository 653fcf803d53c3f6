// Reads server-sent events from a fetch response, however the network cuts them.

/** Takes text in any pieces and gives whole events back, as the HTML standard words it. */
export class EventParser {
  #rest = "";
  #skipLineFeed = false;
  #event = "";
  #data = [];

  /** @param {string} text @returns {{event: string, data: string}[]} the events completed by this text */
  push(text) {
    if (this.#skipLineFeed && text) {
      if (text[0] === "\n") text = text.slice(1);
      this.#skipLineFeed = false;
    }
    // A carriage return at the end may be half of a line end: the line is over, its other half comes later.
    if (text.endsWith("\r")) this.#skipLineFeed = true;
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line) {
    if (line === "") {
      const events = this.#data.length ? [{ event: this.#event || "message", data: this.#data.join("\n") }] : [];
      this.#event = "";
      this.#data = [];
      return events;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon); // "" for a comment, which matches nothing below
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    if (name === "data") this.#data.push(value);
    return [];
  }
}

/** @param {ReadableStream<Uint8Array>} body  Yields {event, data} with data parsed from JSON. */
export async function* readEvents(body) {
  const parser = new EventParser();
  const decoder = new TextDecoder(); // keeps the halves of a character that two pieces share
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const { event, data } of parser.push(decoder.decode(value, { stream: true }))) {
        yield { event, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // the stream may have failed already; that was reported by read()
  }
}
