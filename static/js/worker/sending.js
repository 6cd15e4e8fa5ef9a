// Photos that wait are sent when the network is back, also when no page of ours is open (Background Sync, where there is one).

self.addEventListener("sync", (event) => {
  if (event.tag === "captures") event.waitUntil(self.sendCaptures({ patient: true }));
});
