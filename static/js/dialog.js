// Dialogs: [data-dialog-open="id"] opens <dialog id>, [data-dialog-close] or a click beside it closes.
// Without script the opener is a link to #id and the dialog shows as the page's target.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialogOpen);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      if (!dialog.open) dialog.showModal();
    }
    return;
  }
  const closer = event.target.closest("[data-dialog-close]");
  const dialog = closer?.closest("dialog[open]") ?? (event.target instanceof HTMLDialogElement ? event.target : null);
  if (!dialog?.open) return;
  if (closer || outside(dialog, event)) {
    event.preventDefault();
    dialog.close();
  }
});

function outside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

// A dialog that the server sends (hx-target) opens at once when it says so.
document.addEventListener("htmx:load", (event) => {
  const dialog = event.target.matches?.("dialog[data-dialog-now]") ? event.target : event.target.querySelector?.("dialog[data-dialog-now]");
  if (dialog && !dialog.open) dialog.showModal();
});
