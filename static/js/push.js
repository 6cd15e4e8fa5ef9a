// Adds this browser to those that get push messages: asks for leave, subscribes, tells the server.

import { register } from "./offline/registration.js";
import { toast } from "./toast.js";

const area = document.querySelector("[data-push]");
const button = area?.querySelector("[data-push-add]");
const state = area?.querySelector("[data-push-state]");

function bytes(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (each) => each.charCodeAt(0));
}

async function send(subscription) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const answer = await fetch(area.dataset.pushUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(subscription.toJSON()),
  });
  if (!answer.ok) throw new Error((await answer.json()).error?.message ?? "It could not be added.");
}

async function add() {
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") {
      state.textContent = "Your browser does not allow messages of this site. Allow them in its settings, then try again.";
      return;
    }
    const registration = await register();
    if (!registration) throw new Error("Your browser does not run what shows messages. Another browser may.");
    await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: bytes(area.dataset.pushKey) };
    const subscription = await registration.pushManager.subscribe(options);
    await send(subscription);
    location.reload();
  } catch (error) {
    toast(error.message || "Your browser could not be added.", { stays: true });
  } finally {
    button.disabled = false;
  }
}

async function show() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    state.textContent = "This browser cannot show push messages.";
    return;
  }
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  state.textContent = subscription ? "This browser is among them." : "This browser is not among them yet.";
  button.hidden = Boolean(subscription) && Notification.permission === "granted";
  button.addEventListener("click", add);
}

if (area) show();
