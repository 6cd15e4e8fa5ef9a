// The inventory as it was seen last, out of what this browser keeps; found again by typing a part of a name.

import "./kept.js";
import { localise } from "../local-time.js";

const place = document.querySelector("[data-kept]");
const empty = document.querySelector("[data-kept-none]");
const mark = document.querySelector("[data-kept-mark]");
const find = document.querySelector("[data-kept-find]");

async function show() {
  const found = await self.kept.inventory();
  empty.hidden = Boolean(found);
  mark.hidden = find.hidden = !found;
  if (!found) return;
  mark.querySelector("time").dateTime = found.at;
  // The server's own template, kept as it came.
  place.innerHTML = found.html;
  localise(document);
}

find.addEventListener("input", ({ target }) => {
  const words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of place.querySelectorAll("tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});
show().catch(() => (empty.hidden = false));
