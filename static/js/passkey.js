// Says on the page when a passkey could not be used: the browser's own window is gone by then.

const REASONS = {
  SecurityError: `Passkeys belong to a name, and your browser takes none for ${location.hostname}. Take another way.`,
  InvalidStateError: "This device is among your passkeys already.",
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const reason = REASONS[event.detail?.exception?.name];
  for (const said of document.querySelectorAll("[data-passkey-error]")) {
    if (reason) said.textContent = reason;
    said.hidden = false;
  }
});
