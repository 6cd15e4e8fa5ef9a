// Scan review by keyboard: J and K move between cards, digits pick a candidate, / searches, X dismisses, A adds all.
const typing = (element) => element.matches("input:not([type=radio]):not([type=checkbox]), select, textarea");

function cards() {
  return [...document.querySelectorAll("[data-review] [data-found]")];
}

function current(all) {
  return all.findIndex((card) => card.contains(document.activeElement));
}

function move(by) {
  const all = cards();
  if (!all.length) return;
  const next = Math.min(all.length - 1, Math.max(0, current(all) + by));
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function pick(number) {
  const all = cards();
  const card = all[Math.max(0, current(all))];
  const candidate = card?.querySelectorAll("[data-candidate]")[number - 1];
  candidate?.querySelector("input[type=radio]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
  if (typing(document.activeElement)) {
    if (event.key === "Escape") document.activeElement.closest("[data-found]")?.focus();
    return;
  }
  const all = cards();
  const card = all[Math.max(0, current(all))];
  const key = event.key.toLowerCase();
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (/^[1-9]$/.test(key)) pick(Number(key));
  else if (key === "x") card?.querySelector("[data-dismiss]")?.click();
  else if (key === "/") card?.querySelector("[data-find]")?.focus();
  else if (key === "a") document.querySelector("form#confirm")?.requestSubmit();
  else return;
  event.preventDefault();
});
