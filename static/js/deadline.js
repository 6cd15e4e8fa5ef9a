// Counts down [data-deadline] elements: minutes while far, seconds in the last hour. Reloads nothing by itself:
// the server decides what has passed.

const SOON = 12 * 3600;
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function words(seconds) {
  if (seconds <= 0) return "passed";
  const parts = [];
  let rest = seconds;
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0 || parts.length) {
      if (count > 0) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
      rest -= count * size;
      if (parts.length === 2 || unit === "minute" && seconds >= 3600) break;
    }
  }
  return `${parts.slice(0, 2).join(" ")} left`;
}

function tick() {
  for (const element of document.querySelectorAll("[data-deadline]")) {
    const seconds = Math.floor((new Date(element.dataset.deadline) - Date.now()) / 1000);
    const shown = element.querySelector(".deadline__left");
    const text = `(${words(seconds)})`;
    if (shown && shown.textContent !== text) shown.textContent = text;
    element.dataset.urgency = seconds <= 0 ? "passed" : seconds < SOON ? "soon" : "later";
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:load", tick);
