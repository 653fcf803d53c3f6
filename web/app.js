// The page: pick a character, type, read along and listen.
import { Player } from "./player.js";
import { readEvents } from "./sse.js";

const WORDS = {
  zh: { character: "角色", fresh: "新对话", send: "发送", stop: "停止", key: "密钥", thinking: "思考中…",
    input: "说点什么…（回车发送）", speaking: "正在说话…", stopped: "已停止", lost: "连接中断，回复不完整。",
    unheard: "有一句没能说出来：", failed: "出错了：", offline: "连不上服务器。" },
  en: { character: "Character", fresh: "New chat", send: "Send", stop: "Stop", key: "API key", thinking: "Thinking…",
    input: "Say something… (Enter sends)", speaking: "Speaking…", stopped: "Stopped", lost: "The connection broke.",
    unheard: "Not spoken: ", failed: "Something went wrong: ", offline: "The server cannot be reached." },
};
const language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const words = WORDS[language];
const MAX_HISTORY = 20; // messages sent along
const $ = (id) => document.getElementById(id);
const player = new Player();
let speakers = [];
let history = [];
let running = null; // the AbortController of the reply under way

document.documentElement.lang = language;
for (const element of document.querySelectorAll("[data-label]")) element.textContent = words[element.dataset.label];
$("input").placeholder = $("input").ariaLabel = words.input;

function setRunning(controller, status) {
  running = controller;
  $("send").disabled = controller !== null;
  $("stop").disabled = controller === null;
  $("status").textContent = status;
}

function append(parent, tag, kind, text) {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = text;
  parent.append(element);
  $("log").scrollTop = $("log").scrollHeight;
  return element;
}

/** Fetches; every kind of failure becomes an Error with words for the reader. */
async function call(path, options = {}) {
  const key = $("key").value;
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  const response = await fetch(path, { ...options, headers }).catch((error) => {
    throw error.name === "AbortError" ? error : new Error(words.offline);
  });
  if (response.ok) return response;
  if (response.status === 401) $("key-row").hidden = false;
  const { error, detail } = await response.json().catch(() => ({}));
  throw new Error(words.failed + (error?.message ?? detail ?? `HTTP ${response.status}`));
}

async function loadSpeakers() {
  try {
    speakers = await (await call("speakers")).json();
    $("speaker").replaceChildren(...speakers.map((it) => new Option(it.name, it.name, false, it.language === language)));
    startAfresh();
  } catch (error) {
    $("status").textContent = error.message;
  }
}

/** Shows and plays one reply as it comes; returns its whole text. */
async function reply(text, turn, signal) {
  const response = await call("chat2audio", {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ input: text, speaker: $("speaker").value, history: history.slice(-MAX_HISTORY) }),
  });
  const shown = append(turn, "span", "", "");
  let sampleRate = 0;
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "meta") player.wake((sampleRate = data.sample_rate));
    if (event === "text") shown.textContent += data.delta;
    if (event === "audio") { player.play(data, sampleRate); $("status").textContent = words.speaking; }
    if (event === "sentence_error") append(turn, "div", "note", words.unheard + data.message);
    if (event === "error") throw new Error(words.failed + data.error.message);
    if (event === "done") return shown.textContent;
    $("log").scrollTop = $("log").scrollHeight;
  }
  throw new Error(words.lost);
}

async function send() {
  const text = $("input").value.trim();
  if (!text || running) return;
  const mine = new AbortController();
  setRunning(mine, words.thinking);
  player.stop();
  player.wake();
  $("input").value = "";
  append($("log"), "div", "turn user", text);
  const turn = append($("log"), "div", "turn", "");
  let said = "";
  try {
    said = await reply(text, turn, mine.signal);
    while (player.leftSec > 0 && !mine.signal.aborted) await new Promise((go) => setTimeout(go, 100));
  } catch (error) {
    if (!mine.signal.aborted) {
      turn.classList.add("bad");
      append(turn, "div", "note", error.message);
    }
  }
  if (running !== mine) return; // a new chat was begun meanwhile
  // The character remembers what was heard, not what was cut off.
  if (mine.signal.aborted) { said = player.heard(); player.stop(); }
  if (said) history.push({ role: "user", content: text }, { role: "assistant", content: said });
  setRunning(null, mine.signal.aborted ? words.stopped : "");
  $("input").focus();
}

function startAfresh() {
  running?.abort();
  player.stop();
  history = [];
  $("log").replaceChildren();
  $("about").textContent = speakers.find(({ name }) => name === $("speaker").value)?.description ?? "";
  setRunning(null, "");
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("input").addEventListener("keydown", (event) => {
  // While a word is being composed, Enter picks it.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
$("stop").addEventListener("click", () => running?.abort());
$("fresh").addEventListener("click", startAfresh);
$("speaker").addEventListener("change", startAfresh);
$("key").addEventListener("change", loadSpeakers);
loadSpeakers();
