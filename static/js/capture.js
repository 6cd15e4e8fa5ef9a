// Photos taken without network: a form with [data-capture] keeps them on the device ("always", or while there is no network),
// and [data-captures] lists what waits, each with a button that deletes it.

import "./offline/kept.js";
import "./offline/sending.js";
import { localise } from "./local-time.js";
import { toast } from "./toast.js";

const list = document.querySelector("[data-captures]");
const pictures = [];

async function owner() {
  return document.body.dataset.offline || (await self.kept.owner());
}

async function keep(form) {
  const photos = [...form.querySelector("[name=photos]").files].map((file) => ({ name: file.name, content: file }));
  const member = await owner();
  if (!photos.length) return;
  if (!member) {
    toast("Sign in once while you are online. From then on photos can wait on this device.", { stays: true });
    return;
  }
  const game = form.querySelector("[name=game]")?.value ?? "";
  const capture = { key: crypto.randomUUID(), member, at: new Date().toISOString(), game, photos };
  try {
    await self.kept.capture(capture);
  } catch (error) {
    toast(`These photos could not be kept on this device: ${error.message}`, { stays: true });
    return;
  }
  form.reset();
  navigator.storage?.persist?.();
  toast("Kept on this device. They are sent when you are online again.");
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register("captures").catch(() => {});
  if (navigator.onLine) self.sendCaptures({ patient: true }).catch(() => {});
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-capture]");
  if (!form || (form.dataset.capture !== "always" && (navigator.onLine || !document.body.dataset.offline))) return;
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  keep(form).finally(() => (button.disabled = false));
});

function row(capture) {
  const element = list.querySelector("template").content.firstElementChild.cloneNode(true);
  const photo = element.querySelector("img");
  photo.src = URL.createObjectURL(capture.photos[0].content);
  pictures.push(photo.src);
  const count = capture.photos.length;
  element.querySelector("[data-capture-count]").textContent = count === 1 ? "1 photo" : `${count} photos`;
  element.querySelector("time").dateTime = capture.at;
  const state = element.querySelector("[data-capture-state]");
  if (capture.refused) {
    state.textContent = capture.refused;
    state.dataset.level = "error";
  }
  element.querySelector("button").addEventListener("click", () => self.kept.forget(capture.key));
  return element;
}

async function show() {
  const waiting = await self.kept.captures();
  for (const url of pictures.splice(0)) URL.revokeObjectURL(url);
  list.hidden = !waiting.length;
  list.querySelector("ul").replaceChildren(...waiting.map(row));
  localise(list);
}

if (list) {
  new BroadcastChannel("cardvault").addEventListener("message", () => show().catch(() => {}));
  list.querySelector("[data-captures-send]").addEventListener("click", () =>
    self.sendCaptures({ patient: true }).catch(() => toast("There is no connection yet. Nothing was lost; they are sent later.")),
  );
  document.addEventListener("network:back", () => self.sendCaptures().catch(() => {}));
  show().catch(() => {});
}
