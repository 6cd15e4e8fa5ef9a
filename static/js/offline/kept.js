// What a browser keeps of its member: the inventory to read without network, and photos that wait to be sent. Run by pages
// and by the service worker alike, so that it is a plain script with one name, self.kept.
//
// owner()                    whose it is, null where nothing is kept
// visit(member)              makes it theirs unless it is; a name for the time until all is forgotten
// holds(visit)               whether nothing was forgotten since
// inventory()                {member, at, html, pictures} as the server told it last, or undefined
// keepInventory(told, visit) instead of the one before; false, and nothing is kept, where all was forgotten since
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

  // What was asked for before all was forgotten may come after it, in another tab: a new visit has another name.
  function own(transaction, member) {
    const store = transaction.objectStore("kept");
    const asked = store.get("owner");
    asked.onsuccess = () => {
      if (asked.result?.member !== member) store.put({ name: "owner", member, visit: crypto.randomUUID() });
    };
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
    visit: async (member) => {
      await inside(["kept"], "readwrite", (t) => own(t, member));
      return (await read("owner"))?.visit;
    },
    holds: async (visit) => (await read("owner"))?.visit === visit,
    keepInventory: async (told, visit) => {
      let holds = false;
      await inside(["kept"], "readwrite", (t) => {
        const store = t.objectStore("kept");
        const asked = store.get("owner");
        asked.onsuccess = () => {
          holds = Boolean(visit) && asked.result?.visit === visit && asked.result.member === told.member;
          if (holds) store.put({ ...told, name: "inventory" });
        };
      });
      return holds;
    },
    captures: async () => {
      const found = await inside(["captures"], "readonly", (t) => t.objectStore("captures").getAll());
      return found.sort((one, other) => one.at.localeCompare(other.at));
    },
    capture: async (what) => {
      await inside(["kept", "captures"], "readwrite", (t) => {
        own(t, what.member);
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
