// Push messages: shows what the server sent, and opens what it is about. A repeat replaces the first by its tag.

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    told = { title: event.data?.text() };
  }
  const shown = self.registration.showNotification(told.title || "CardVault", {
    body: told.body ?? "",
    tag: told.id ?? "cardvault",
    data: { url: told.url ?? "/notifications/" },
    icon: "/static/img/app/icon-192.png",
  });
  event.waitUntil(shown);
});

async function open(path) {
  // Only pages of ours, whatever a message says.
  const address = new URL(path, self.location.origin);
  const url = address.origin === self.location.origin ? address.href : self.location.origin;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((each) => new URL(each.url).origin === self.location.origin);
  if (!page) return self.clients.openWindow(url);
  await page.focus();
  return page.navigate ? page.navigate(url).catch(() => self.clients.openWindow(url)) : self.clients.openWindow(url);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? "/notifications/"));
});
