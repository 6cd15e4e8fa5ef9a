// Follows what the page names over one websocket (docs/live.md has the protocol). An element with
// data-live="trade:… member:…" hears of those streams; where it has hx-trigger="live" as well, HTMX asks for what changed.
//
// data-live-at="1763760000000-0"  the page was rendered then: what came since is told as well
// data-live-on="changed message"  only these events make it ask; without it every event does
// data-live-parts="now log"       ids of what its answer brings; parts in which the reader is busy are left alone
// data-live-every="2"             seconds between two requests, for streams that are busy
// data-live-here="trade:…" data-member="…"  is shown while that member looks at the same
//
// Other scripts listen for "live:event" (detail: stream, id, event, data), which bubbles from each such element.

import { toast } from "./toast.js";

const SIGN_AFTER = 3000;
const LONGEST_WAIT = 30;
const last = new Map(); // stream -> id of the last event
const following = new Set();
const requests = new WeakMap(); // element -> when it may ask again, and whether it is to
let socket = null;
let tries = 0;
let retry = 0;
let ping = 0;
let answered = true;
let ended = false;
let sign = null;
let signTimer = 0;

const wanted = () => {
  const names = new Set();
  for (const element of document.querySelectorAll("[data-live]")) {
    for (const name of element.dataset.live.split(/\s+/).filter(Boolean)) {
      names.add(name);
      if (!last.has(name) && element.dataset.liveAt) last.set(name, element.dataset.liveAt);
    }
  }
  return names;
};
const followers = (name) => document.querySelectorAll(`[data-live~="${CSS.escape(name)}"]`);
const send = (message) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

function connect() {
  clearTimeout(retry);
  if (socket || ended || !wanted().size || navigator.onLine === false) return;
  const address = new URL("/ws/", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  socket = new WebSocket(address);
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", lost);
}

function lost({ code }) {
  socket = null;
  following.clear();
  clearInterval(ping);
  if (code === 1008) ended = true;
  if (ended) return;
  signTimer ||= setTimeout(() => showSign("Reconnecting…"), SIGN_AFTER);
  // Never exactly as long as others: after a restart all of them come back.
  const seconds = Math.min(LONGEST_WAIT, 2 ** tries) * (0.5 + Math.random() / 2);
  tries += 1;
  retry = setTimeout(connect, seconds * 1000);
}

function hear(message) {
  if (message.type === "hello") greet(message);
  else if (message.type === "pong") answered = true;
  else if (message.type === "subscribed") begin(message);
  else if (message.type === "event") happen(message);
  else if (message.type === "reload") again(message.stream, message.at);
  else if (message.type === "presence") showPresence(message);
  else if (message.type === "unsubscribed") following.delete(message.stream);
}

function greet({ member, ping: seconds }) {
  const expected = document.body.dataset.member || null;
  if (expected && member !== expected) {
    ended = true;
    socket.close();
    showSign("You are signed out here. Reload the page to go on.");
    document.dispatchEvent(new CustomEvent("live:signed-out"));
    return;
  }
  answered = true;
  clearInterval(ping);
  ping = setInterval(() => {
    if (!answered) socket?.close();
    answered = false;
    send({ type: "ping" });
  }, seconds * 1000);
  follow();
}

function follow() {
  if (!socket) return connect();
  if (socket.readyState !== WebSocket.OPEN) return;
  const names = wanted();
  const gone = [...following].filter((name) => !names.has(name));
  const fresh = [...names].filter((name) => !following.has(name));
  for (const name of gone) following.delete(name);
  for (const name of fresh) following.add(name);
  if (gone.length) send({ type: "unsubscribe", streams: gone });
  if (fresh.length) {
    send({ type: "subscribe", streams: Object.fromEntries(fresh.map((name) => [name, last.get(name) ?? null])) });
  }
}

function begin({ stream, at, complete }) {
  tries = 0;
  hideSign();
  document.documentElement.dataset.liveState = "on";
  if (!complete) again(stream, at);
  else if (!last.has(stream)) last.set(stream, at);
}

function happen(message) {
  last.set(message.stream, message.id);
  for (const element of followers(message.stream)) {
    element.dispatchEvent(new CustomEvent("live:event", { bubbles: true, detail: message }));
    const on = element.dataset.liveOn?.split(/\s+/);
    if (!on || on.includes(message.event)) ask(element);
  }
  if (message.event === "toast" && message.data.text) toast(message.data.text);
}

function again(stream, at) {
  last.set(stream, at);
  for (const element of followers(stream)) ask(element);
  document.dispatchEvent(new CustomEvent("live:reload", { detail: { stream } }));
}

// -- asking anew -------------------------------------------------------------
function ask(element) {
  if (!element.getAttribute("hx-trigger")?.split(/[\s,]+/).includes("live")) return;
  const state = requests.get(element) ?? { running: false, again: false, from: 0 };
  requests.set(element, state);
  const wait = state.from - performance.now();
  if (state.running || wait > 0) {
    if (!state.running && !state.again) setTimeout(() => state.again && run(element, state), wait);
    state.again = true;
    return;
  }
  run(element, state);
}

function run(element, state, force = false) {
  state.again = false;
  if (!element.isConnected) return;
  const parts = (element.dataset.liveParts ?? "").split(/\s+/).filter(Boolean);
  const busy = force ? [] : parts.filter(isBusy);
  for (const id of busy) offer(element, state, id);
  const free = parts.filter((id) => !busy.includes(id));
  if (parts.length && !free.length) return;
  if (parts.length) element.setAttribute("hx-select-oob", free.map((id) => `#${id}`).join(","));
  state.running = true;
  state.before = new Map(free.map((id) => [id, document.getElementById(id)?.textContent]));
  window.htmx.trigger(element, "live");
}

function isBusy(id) {
  const part = document.getElementById(id);
  if (!part) return false;
  if (part.contains(document.activeElement) && document.activeElement.matches(":focus-visible")) return true;
  if (part.querySelector("details[open] form")) return true;
  for (const field of part.querySelectorAll("input, textarea")) {
    if (field.type === "hidden") continue;
    if (field.checked !== field.defaultChecked || field.value !== field.defaultValue) return true;
  }
  return false;
}

function offer(element, state, id) {
  const part = document.getElementById(id);
  if (part.querySelector(":scope > [data-live-stale]")) return;
  const note = document.createElement("p");
  note.className = "live-stale";
  note.dataset.liveStale = "";
  note.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--s";
  button.textContent = "Show it";
  button.addEventListener("click", () => {
    note.remove();
    run(element, state, true);
  });
  note.append("This has changed meanwhile. ", button);
  part.prepend(note);
}

document.addEventListener("htmx:configRequest", (event) => {
  if (requests.has(event.detail.elt)) event.detail.headers["X-Live"] = "1";
});
document.addEventListener("htmx:afterRequest", (event) => {
  const state = requests.get(event.detail.elt);
  if (!state) return;
  state.running = false;
  state.from = performance.now() + Number(event.detail.elt.dataset.liveEvery ?? 0.25) * 1000;
  if (state.again) {
    state.again = false;
    ask(event.detail.elt);
  }
});
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (requests.get(target)?.running) window.htmx.trigger(target, "htmx:abort"); // its answer has no place any more
});
document.addEventListener("htmx:afterSettle", follow);
document.addEventListener("htmx:oobAfterSwap", () => queueMicrotask(follow));
document.addEventListener("htmx:afterSwap", (event) => {
  for (const [id, text] of requests.get(event.detail.elt)?.before ?? []) {
    const part = document.getElementById(id);
    if (part && part.textContent !== text) part.classList.add("live-changed");
  }
});

// -- who is there, and whether we are ----------------------------------------
function showPresence({ stream, members }) {
  for (const element of document.querySelectorAll(`[data-live-here="${CSS.escape(stream)}"]`)) {
    element.hidden = !members.includes(element.dataset.member);
  }
}

function showSign(text) {
  if (!sign) {
    sign = document.createElement("p");
    sign.className = "live-sign";
    sign.setAttribute("role", "status");
    document.body.append(sign);
  }
  sign.textContent = text;
  document.documentElement.dataset.liveState = "off";
}

function hideSign() {
  clearTimeout(signTimer);
  signTimer = 0;
  sign?.remove();
  sign = null;
}

addEventListener("offline", () => {
  showSign("You are offline. What you see is from before.");
  socket?.close();
});
addEventListener("online", () => {
  tries = 0;
  clearTimeout(retry);
  retry = setTimeout(connect, Math.random() * 500);
});
addEventListener("pagehide", () => {
  ended = true;
  socket?.close();
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  ended = false;
  connect();
});
connect();
