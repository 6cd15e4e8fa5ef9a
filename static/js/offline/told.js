// Says what became of photos that waited, whichever page or worker sent them.

import { toast } from "../toast.js";

new BroadcastChannel("cardvault").addEventListener("message", ({ data }) => {
  if (data.sent?.length === 1) toast("Photos that waited were sent. They are among your scans.");
  else if (data.sent?.length) toast(`${data.sent.length} sets of photos that waited were sent. They are among your scans.`);
  if (data.ended) toast("You are signed out, and the photos that waited are gone. Sign in, and take them again.", { stays: true });
});
