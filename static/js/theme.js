// Light, dark, or as the system says. The choice is kept in a cookie, so that the server draws the page right at once.

const YEAR = 365 * 24 * 60 * 60;

function chosen() {
  return document.documentElement.dataset.theme ?? "auto";
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
  }
}

function choose(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const life = theme === "auto" ? 0 : YEAR;
  document.cookie = `theme=${theme}; path=/; max-age=${life}; samesite=lax`;
  show();
  document.dispatchEvent(new CustomEvent("themechange"));
}

for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (button) choose(button.dataset.themeChoice);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  document.dispatchEvent(new CustomEvent("themechange")),
);
show();
