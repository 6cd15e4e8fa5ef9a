// Turns <time datetime data-local="date|datetime|time|relative"> into the reader's own zone. Days are written as the
// server writes them (21 Nov 2026), so that one page never shows two notations; the clock follows the reader's habit.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

const calendar = new Intl.DateTimeFormat("en-US", { day: "numeric", month: "short", year: "numeric" });

function day(at) {
  const parts = calendar.formatToParts(at);
  return ["day", "month", "year"].map((type) => parts.find((part) => part.type === type).value).join(" ");
}

const styles = { date: day, datetime: (at) => `${day(at)}, ${clock.format(at)}`, time: (at) => clock.format(at) };
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const steps = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(0, "minute");
}

export function localise(root) {
  const found = [...(root.querySelectorAll?.("time[data-local]") ?? [])];
  if (root.matches?.("time[data-local]")) found.push(root);
  for (const element of found) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const style = element.dataset.local;
    element.textContent = style === "relative" ? ago(at) : (styles[style] ?? styles.datetime)(at);
    element.title = exact.format(at);
  }
}

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target));
setInterval(() => {
  for (const element of document.querySelectorAll('time[data-local="relative"]')) {
    element.textContent = ago(new Date(element.dateTime));
  }
}, 60_000);
