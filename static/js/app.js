// On each page: keeps the member's inventory for reading without network, sends photos that waited, and forgets all of it
// as soon as it is nobody's, or somebody else's. <body data-offline="member's id"> says whose; empty: nobody is signed in.

import "./offline/kept.js";
import "./offline/sending.js";
import "./offline/told.js";
import { register } from "./offline/registration.js";
import { toast } from "./toast.js";

const EVERY = 10 * 60_000;
const SOONEST = 60_000; // where the inventory itself is read, page by page
const member = document.body.dataset.offline;
const isInstalled = matchMedia("(display-mode: standalone)").matches;

async function keepInventory() {
  const before = await self.kept.inventory();
  const age = before ? Date.now() - Date.parse(before.at) : Infinity;
  if (age < (location.pathname === "/inventory/" ? SOONEST : EVERY)) return;
  const visit = await self.kept.visit(member);
  const answer = await fetch("/offline/inventory.json", { redirect: "manual", headers: { Accept: "application/json" } });
  if (answer.type === "opaqueredirect" || answer.status === 401) return self.kept.clear();
  if (!answer.ok) return;
  const told = await answer.json();
  if (told.member !== member) return self.kept.clear();
  if (!(await self.kept.keepInventory(told, visit))) return;
  await keepPictures(told.pictures);
  if (!(await self.kept.holds(visit))) await caches.delete(self.kept.PICTURES);
}

// Only pictures of our own address: the policy lets the worker ask nobody else.
async function keepPictures(pictures) {
  if (navigator.connection?.saveData) return;
  const cache = await caches.open(self.kept.PICTURES);
  const wanted = new Set(pictures.map((each) => new URL(each, location.href)).filter((url) => url.origin === location.origin).map(String));
  const here = new Set((await cache.keys()).map((request) => request.url));
  for (const url of here) if (!wanted.has(url)) await cache.delete(url);
  for (const url of wanted) if (!here.has(url)) await cache.add(url).catch(() => {});
}

async function send() {
  try {
    await self.sendCaptures();
  } catch {
    // The network or the server is away again: the next page, the next "online" or the worker tries anew.
  }
}

async function begin() {
  const owner = await self.kept.owner();
  if (owner && owner !== member) {
    await self.kept.clear();
    if (!member) toast("You are signed out, and nothing of yours is kept on this device any more.");
  }
  if (!member) return isInstalled ? register() : undefined;
  if (!(await register())) return undefined;
  addEventListener("online", send);
  await send();
  return keepInventory();
}

document.addEventListener("live:signed-out", () => self.kept.clear());
addEventListener("appinstalled", register);

// Signing out: gone before the server is told, also in browsers that do not know Clear-Site-Data.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!member || event.defaultPrevented || new URL(form.action).pathname !== "/accounts/logout/") return;
  event.preventDefault();
  const waiting = (await self.kept.captures().catch(() => [])).length;
  const question = "Photos that you took without network are not sent yet and would be lost. Sign out all the same?";
  if (waiting && !confirm(question)) return;
  await self.kept.clear().catch(() => {});
  form.submit();
});

if (member !== undefined && "indexedDB" in window && "caches" in window) begin().catch(() => {});
