// The service worker's registration, in one place: undefined where there is none to be had.

export async function register() {
  if (!("serviceWorker" in navigator)) return undefined;
  try {
    return await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  } catch {
    return undefined; // a browser that forbids it, or one that is offline: everything else works without
  }
}
