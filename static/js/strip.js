// A strip of ways that is wider than the screen (settings or tabs on a phone) begins where its reader is, not at its first entry.

function bringIn() {
  for (const here of document.querySelectorAll(".settings-nav > [aria-current], .tabs > [aria-current]")) {
    const strip = here.parentElement;
    const [entry, frame] = [here.getBoundingClientRect(), strip.getBoundingClientRect()];
    strip.scrollLeft += entry.left + entry.width / 2 - (frame.left + frame.width / 2);
  }
}
bringIn();
document.addEventListener("htmx:load", bringIn);
