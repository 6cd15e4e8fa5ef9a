// Says on the page when a passkey could not be used: the browser's own window is gone by then.

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const said of document.querySelectorAll("[data-passkey-error]")) said.hidden = false;
});
