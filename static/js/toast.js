// Says what happened: toasts from the server (HX-Trigger: {"toast": {"text": …}}), failed requests, dismissible messages.

const LIFE = 7000;
const NETWORK = "The connection was lost. Nothing was changed; try again.";

export function toast(text, { stays = false } = {}) {
  const area = document.querySelector("[data-toasts]");
  if (!area || !text) return;
  const element = document.createElement("div");
  element.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast__close";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "✕";
  close.addEventListener("click", () => element.remove());
  element.append(words, close);
  area.append(element);
  while (area.children.length > 3) area.firstElementChild.remove();
  if (!stays) setTimeout(() => element.remove(), LIFE);
}

document.addEventListener("toast", (event) => {
  const { text, value, stays } = event.detail ?? {};
  toast(text ?? value, { stays });
});
document.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const message = answer.querySelector("[data-problem-message]")?.textContent;
  toast(message ?? "That did not work. Reload the page and try again.", { stays: true });
});
document.addEventListener("htmx:sendError", () => toast(NETWORK, { stays: true }));
document.addEventListener("htmx:timeout", () => toast(NETWORK, { stays: true }));

function reveal(root) {
  for (const button of root.querySelectorAll?.("[data-dismiss]") ?? []) button.hidden = false;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  button?.closest(".notice")?.remove();
});
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target));
