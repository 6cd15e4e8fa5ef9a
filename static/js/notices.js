// The number of unread notifications in the header, and new ones as toasts, told by the page's live connection.

import { toast } from "./toast.js";

const badge = document.querySelector("[data-unread]");
const count = badge?.querySelector("[data-unread-count]");

function show(number) {
  if (!badge) return;
  count.textContent = number > 99 ? "99+" : String(number);
  badge.hidden = number < 1;
}

async function ask() {
  const answer = await fetch("/api/v1/notifications?limit=1&fields=id", { headers: { Accept: "application/json" } });
  if (answer.ok) show((await answer.json()).unread);
}

document.addEventListener("live:event", ({ target, detail }) => {
  if (!target.matches?.("[data-notices]")) return;
  if (detail.event === "notified") {
    toast(detail.data.title);
    show((Number.parseInt(count?.textContent, 10) || 0) + 1);
  } else if (detail.event === "read") {
    ask();
  }
});
