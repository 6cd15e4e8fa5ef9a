// Scan review by keyboard: J and K move between cards, digits pick a candidate, 0 none, / searches, X leaves a card out,
// A adds all. While the photos are looked at: asks by itself where the websocket does not get through.
const typing = (element) => element.matches("input:not([type=radio]):not([type=checkbox]), select, textarea");

function cards() {
  return [...document.querySelectorAll("[data-review] [data-found]")];
}

function current(all) {
  return all.findIndex((card) => card.contains(document.activeElement));
}

function goTo(card) {
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = cards();
  if (all.length) goTo(all[Math.min(all.length - 1, Math.max(0, current(all) + by))]);
}

function choose(radio, card) {
  if (!radio) return;
  if (!radio.checked) radio.click();
  goTo(card);
}

function pick(card, number) {
  choose(card?.querySelectorAll("[data-candidate]")[number - 1]?.querySelector("input[type=radio]"), card);
}

function search(card) {
  const others = card?.querySelector("[data-others]");
  if (!others) return;
  others.open = true;
  card.querySelector("[data-find]").focus();
}

// Enter in the search takes the first card found, and never leaves the page.
function takeFound(input) {
  const card = input.closest("[data-found]");
  const first = card.querySelector(".found__results [data-candidate] input[type=radio]");
  if (first && card.querySelector(".found__results").dataset.for === input.value) choose(first, card);
  else htmx.trigger(input, "find");
}
document.addEventListener("htmx:afterSwap", (event) => {
  const results = event.target.closest?.(".found__results");
  if (results) results.dataset.for = results.closest("[data-found]").querySelector("[data-find]").value;
});

// Before the site's own keys (its search takes / too): here they mean the card.
document.addEventListener("keydown", reviewByKey, { capture: true });

function reviewByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
  const active = document.activeElement;
  if (typing(active)) {
    if (event.key === "Escape") active.closest("[data-found]")?.focus();
    if (event.key === "Enter" && active.matches("[data-find]")) {
      event.preventDefault();
      takeFound(active);
    }
    return;
  }
  const all = cards();
  const card = all[Math.max(0, current(all))];
  const key = event.key.toLowerCase();
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (/^[1-9]$/.test(key)) pick(card, Number(key));
  else if (key === "0") choose(card?.querySelector("[data-none]"), card);
  else if (key === "x") card?.querySelector("[data-leave-out]")?.click();
  else if (key === "/") search(card);
  else if (key === "a") document.querySelector("form#confirm")?.requestSubmit();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// Two presses of the button are one.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "confirm") return;
  if ("sent" in event.target.dataset) event.preventDefault();
  event.target.dataset.sent = "";
});
window.addEventListener("pageshow", () => delete document.getElementById("confirm")?.dataset.sent);

// -- while the photos are looked at ------------------------------------------
let isOpen = false;
document.addEventListener("htmx:wsOpen", () => (isOpen = true));
document.addEventListener("htmx:wsClose", () => (isOpen = false));
setInterval(() => {
  const live = document.querySelector("[data-live]");
  if (live && !isOpen) htmx.trigger(live, "ask");
}, 5000);
document.addEventListener("htmx:load", (event) => {
  if (!event.target.matches?.("[data-review]")) return;
  const heading = event.target.querySelector("h1");
  document.title = document.title.replace(/^.*?(?= · |$)/, heading.textContent.trim());
  if (document.activeElement === document.body) heading.focus({ preventScroll: true });
});
