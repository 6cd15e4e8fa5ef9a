// What a browser keeps of its member: the inventory to read without network, and photos that wait to be sent. Run by pages
// and by the service worker alike, so that it is a plain script with one name, self.kept.
//
// owner()                    whose it is, null where nothing is kept
// inventory()                {member, at, html, pictures} as the server told it last, or undefined
// keepInventory(told)        instead of the one before
// captures()                 [{key, member, at, game, photos: [{name, content}], refused}], the oldest first
// capture(what), change(…)   one more to send, or one that changed; forget(key) takes it away
// clear()                    nothing is kept any more: the tables, and the pictures

(() => {
  const NAME = "cardvault";
  const PICTURES = "pictures";
  let opening = null;

  function open() {
    opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("kept", { keyPath: "name" });
        request.result.createObjectStore("captures", { keyPath: "key" });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        // Whoever wants to delete or change the tables is not kept waiting; the next question opens them anew.
        request.result.onversionchange = () => {
          request.result.close();
          opening = null;
        };
        request.result.onclose = () => (opening = null);
        resolve(request.result);
      };
    });
    opening.catch(() => (opening = null));
    return opening;
  }

  async function inside(stores, mode, work) {
    const transaction = (await open()).transaction(stores, mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const request = work(transaction);
    await done;
    return request?.result;
  }

  const read = (name) => inside(["kept"], "readonly", (t) => t.objectStore("kept").get(name));
  const changed = () => {
    const channel = new BroadcastChannel(NAME);
    channel.postMessage({ changed: true });
    channel.close();
  };

  self.kept = {
    NAME,
    PICTURES,
    owner: async () => (await read("owner"))?.member ?? null,
    inventory: () => read("inventory"),
    keepInventory: (told) =>
      inside(["kept"], "readwrite", (t) => {
        t.objectStore("kept").put({ name: "owner", member: told.member });
        t.objectStore("kept").put({ ...told, name: "inventory" });
      }),
    captures: async () => {
      const found = await inside(["captures"], "readonly", (t) => t.objectStore("captures").getAll());
      return found.sort((one, other) => one.at.localeCompare(other.at));
    },
    capture: async (what) => {
      await inside(["kept", "captures"], "readwrite", (t) => {
        t.objectStore("kept").put({ name: "owner", member: what.member });
        t.objectStore("captures").add(what);
      });
      changed();
    },
    change: async (what) => {
      await inside(["captures"], "readwrite", (t) => t.objectStore("captures").put(what));
      changed();
    },
    forget: async (key) => {
      await inside(["captures"], "readwrite", (t) => t.objectStore("captures").delete(key));
      changed();
    },
    clear: async () => {
      await inside(["kept", "captures"], "readwrite", (t) => {
        t.objectStore("kept").clear();
        t.objectStore("captures").clear();
      });
      await caches.delete(PICTURES);
      changed();
    },
  };
})();
