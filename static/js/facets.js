// Beside the results filters apply as soon as they are changed; in the phone's panel, which several are ticked in at
// once, and without script, the button does it. The order of results applies at once everywhere.

const wide = matchMedia("(min-width: 60rem)");

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-facets], form[data-sort]");
  if (!form || form.matches("[data-facets]") && !wide.matches || event.target.type === "number" && !event.target.checkValidity()) return;
  form.requestSubmit();
});
// Empty fields stay out of the address.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches?.("form[data-facets]")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
// The panel stands open where there is room beside the results.
function unfold() {
  if (wide.matches) for (const panel of document.querySelectorAll(".facets__panel")) panel.open = true;
}
unfold();
wide.addEventListener("change", unfold);
document.addEventListener("htmx:load", unfold);
