// Picking rows for a bulk action: [data-select-all] in a form checks every [data-select-row]; shift picks a range;
// [data-selected-count] says how many; [data-needs-selection] waits for one.

let last = null;

function update(form) {
  const rows = [...form.querySelectorAll("[data-select-row]")];
  const picked = rows.filter((row) => row.checked).length;
  for (const all of form.querySelectorAll("[data-select-all]")) {
    all.checked = picked > 0 && picked === rows.length;
    all.indeterminate = picked > 0 && picked < rows.length;
  }
  for (const count of form.querySelectorAll("[data-selected-count]")) count.textContent = String(picked);
  for (const button of form.querySelectorAll("[data-needs-selection]")) button.disabled = picked === 0;
}

document.addEventListener("click", (event) => {
  const box = event.target;
  const form = box.closest?.("form");
  if (!form) return;
  if (box.matches("[data-select-all]")) {
    for (const row of form.querySelectorAll("[data-select-row]")) row.checked = box.checked;
    update(form);
  } else if (box.matches("[data-select-row]")) {
    const rows = [...form.querySelectorAll("[data-select-row]")];
    if (event.shiftKey && last && rows.includes(last)) {
      const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
      for (const row of rows.slice(from, to + 1)) row.checked = box.checked;
    }
    last = box;
    update(form);
  }
});

function start() {
  for (const form of document.querySelectorAll("form:has([data-select-row])")) update(form);
}
start();
document.addEventListener("htmx:load", start);
