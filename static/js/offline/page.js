// The pages that the worker shows without network: the theme that the reader chose, and word when there is a network again
// ("network:back", once). A page that has nothing of its own is asked for anew then; on the others a link leads on.

import "./told.js";

const theme = document.cookie.match(/(?:^|; )theme=(dark|light)/)?.[1];
if (theme) document.documentElement.dataset.theme = theme;

const LONGEST_WAIT = 30_000;
let wait = 1000;
let timer = 0;

async function look() {
  clearTimeout(timer);
  try {
    // Never answered by the worker, which serves GET alone.
    await fetch("/offline/", { method: "HEAD", cache: "no-store" });
  } catch {
    timer = setTimeout(look, wait);
    wait = Math.min(LONGEST_WAIT, wait * 2);
    return;
  }
  removeEventListener("online", look);
  document.dispatchEvent(new CustomEvent("network:back"));
  for (const note of document.querySelectorAll("[data-when-online]")) note.hidden = false;
  for (const note of document.querySelectorAll("[data-when-offline]")) note.hidden = true;
  const standsIn = !location.pathname.startsWith("/offline/");
  if (standsIn && document.querySelector("[data-again-by-itself]")) location.reload();
}

for (const button of document.querySelectorAll("[data-again]")) button.addEventListener("click", () => location.reload());
addEventListener("online", look);
timer = setTimeout(look, wait);
