// Sends photos that wait, by self.sendCaptures(). Run by pages and by the service worker; of those that try at once one does,
// and with {patient: true} the other tries after it.
// Each has a key, and the server makes one scan of it however often it comes: an answer that was not heard is asked for again.
//
// Resolves to {sent: [ids of scans], ended}: ended where nobody, or somebody else, is signed in, and all that was kept is gone.
// Rejects where the network or the server is away, so that who called tries again later.

(() => {
  const WHO = "/offline/self.json";
  const WHERE = "/api/v1/scans";
  const JSON_ONLY = { Accept: "application/json" };

  const isEnded = (answer) => answer.type === "opaqueredirect" || answer.status === 401;

  async function one(capture, token) {
    const form = new FormData();
    for (const { name, content } of capture.photos) form.append("photos", content, name);
    form.append("game", capture.game);
    form.append("request_key", capture.key);
    const headers = { ...JSON_ONLY, "X-CSRFToken": token };
    return fetch(WHERE, { method: "POST", headers, body: form, redirect: "manual" });
  }

  async function all() {
    const sent = [];
    const due = (await self.kept.captures()).filter((each) => !each.refused);
    if (!due.length) return { sent, ended: false };
    const who = await fetch(WHO, { headers: JSON_ONLY, redirect: "manual", cache: "no-store" });
    if (isEnded(who)) {
      await self.kept.clear();
      return { sent, ended: true };
    }
    if (!who.ok) throw new Error(`asked who is signed in: ${who.status}`);
    const { member, token } = await who.json();
    if (due.some((each) => each.member !== member)) {
      await self.kept.clear();
      return { sent, ended: true };
    }
    for (const capture of due) {
      const answer = await one(capture, token);
      if (isEnded(answer)) {
        await self.kept.clear();
        return { sent, ended: true };
      }
      if (answer.ok) {
        sent.push((await answer.json()).id);
        await self.kept.forget(capture.key);
      } else if (answer.status === 429 || answer.status >= 500) {
        throw new Error(`busy: ${answer.status}`);
      } else {
        const told = await answer.json().catch(() => ({}));
        await self.kept.change({ ...capture, refused: told.error?.message ?? "These photos were not taken." });
      }
    }
    return { sent, ended: false };
  }

  async function tell(outcome) {
    if (!outcome.sent.length && !outcome.ended) return;
    const channel = new BroadcastChannel(self.kept.NAME);
    channel.postMessage(outcome);
    channel.close();
  }

  self.sendCaptures = ({ patient = false } = {}) =>
    navigator.locks.request("cardvault-sending", { ifAvailable: !patient }, async (lock) => {
      if (!lock) return { sent: [], ended: false };
      const outcome = await all();
      await tell(outcome);
      return outcome;
    });
})();
