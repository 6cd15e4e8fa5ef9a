// Without network: pages that the site keeps for everybody (BUILT, from the server), and pictures of the member's inventory.
// Whatever the network answers comes first, so that nobody ever reads an old page while there is a new one.

const SHELL = "shell-";
const SHELL_NOW = SHELL + BUILT.build;

async function keepShell() {
  const cache = await caches.open(SHELL_NOW);
  const pages = Object.values(BUILT.pages);
  // Without cookies: what is kept is the same for everybody. Asked of the server, not of what the browser has lying about.
  await cache.addAll([...pages, ...BUILT.files].map((url) => new Request(url, { cache: "no-cache", credentials: "omit" })));
}

self.addEventListener("install", (event) => {
  // At once: pages always come from the network, so that no open page is served by two builds.
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(SHELL) && name !== SHELL_NOW);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

function standIn(path) {
  if (path === "/inventory/") return BUILT.pages["offline-inventory"];
  if (path === "/scan/") return BUILT.pages["offline-scan"];
  return Object.values(BUILT.pages).find((page) => page === path) ?? BUILT.pages.offline;
}

async function navigate(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch (error) {
    const cache = await caches.open(SHELL_NOW);
    const kept = await cache.match(standIn(new URL(event.request.url).pathname));
    if (kept) return kept;
    throw error;
  }
}

async function networkFirst(request, name) {
  const cached = async () => (await caches.open(name)).match(request.url);
  try {
    const answer = await fetch(request);
    return answer.ok ? answer : ((await cached()) ?? answer);
  } catch (error) {
    const kept = await cached();
    if (kept) return kept;
    throw error;
  }
}

const files = new Set(BUILT.files);

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (files.has(url.pathname)) event.respondWith(networkFirst(request, SHELL_NOW));
  else if (request.destination === "image" && url.pathname.startsWith(BUILT.media)) {
    event.respondWith(networkFirst(request, self.kept.PICTURES));
  }
});
