// Photographs: dropping, pasting, the camera and previews over a plain file input ([data-drop]).
// What is sent is still the form's own input, so the server sees one kind of request.

const MEGABYTE = 1024 * 1024;

class Drop {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector(".drop__input--main");
    this.camera = root.querySelector("[data-drop-camera-input]");
    this.list = root.querySelector("[data-drop-files]");
    this.status = root.querySelector("[data-drop-status]");
    this.progress = root.querySelector("[data-drop-progress]");
    this.form = root.closest("form");
    this.maxBytes = Number(root.dataset.maxMb) * MEGABYTE;
    this.maxFiles = Number(root.dataset.maxFiles);
    this.files = [];
    this.urls = [];
    this.listen();
    root.dataset.dropReady = "";
  }

  listen() {
    this.input.addEventListener("change", () => this.add([...this.input.files]));
    this.camera.addEventListener("change", () => this.add([...this.camera.files]));
    this.root.querySelector("[data-drop-camera]")?.addEventListener("click", () => this.camera.click());
    this.root.querySelector("[data-drop-choose]")?.addEventListener("click", () => this.input.click());
    for (const name of ["dragenter", "dragover"]) {
      this.root.addEventListener(name, (event) => {
        event.preventDefault();
        this.root.dataset.over = "";
      });
    }
    this.root.addEventListener("dragleave", (event) => {
      if (!this.root.contains(event.relatedTarget)) delete this.root.dataset.over;
    });
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      delete this.root.dataset.over;
      this.add([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      if (!this.root.isConnected) return;
      const pasted = [...(event.clipboardData?.files ?? [])];
      if (pasted.length) this.add(pasted);
    });
    this.form?.addEventListener("reset", () => {
      this.files = [];
      this.show();
      this.say([]);
      if (this.progress) this.progress.hidden = true;
    });
    this.form?.addEventListener("submit", () => {
      if (this.files.length && this.progress) this.progress.hidden = false;
    });
    this.form?.addEventListener("htmx:xhr:progress", (event) => {
      const bar = this.progress?.querySelector("progress");
      if (bar && event.detail.total) bar.value = (event.detail.loaded / event.detail.total) * 100;
    });
    this.form?.addEventListener("htmx:afterRequest", () => {
      if (this.progress) this.progress.hidden = true;
    });
  }

  add(chosen) {
    const refused = [];
    for (const file of chosen) {
      const known = this.files.some((each) => each.name === file.name && each.size === file.size && each.lastModified === file.lastModified);
      if (known) continue;
      if (file.type && !file.type.startsWith("image/")) refused.push(`${file.name} is not a picture.`);
      else if (file.size > this.maxBytes) refused.push(`${file.name} is larger than ${this.root.dataset.maxMb} MB.`);
      else if (this.maxFiles === 1) this.files = [file];
      else if (this.files.length >= this.maxFiles) refused.push(`Only ${this.maxFiles} photos at once; ${file.name} was left out.`);
      else this.files.push(file);
    }
    this.keep();
    this.show();
    this.say(refused);
    if ("send" in this.root.dataset && this.files.length && !refused.length) this.form?.requestSubmit();
  }

  keep() {
    const transfer = new DataTransfer();
    for (const file of this.files) transfer.items.add(file);
    this.input.files = transfer.files;
  }

  show() {
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
    this.list.replaceChildren(
      ...this.files.map((file, index) => {
        const row = document.createElement("li");
        row.className = "drop__file";
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(file);
        picture.alt = "";
        this.urls.push(picture.src);
        const name = document.createElement("span");
        name.className = "drop__file-name";
        name.textContent = file.name;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.className = "drop__remove";
        remove.setAttribute("aria-label", `Remove ${file.name}`);
        remove.textContent = "✕";
        remove.addEventListener("click", () => {
          this.files.splice(index, 1);
          this.keep();
          this.show();
          this.say([]);
        });
        row.append(picture, name, remove);
        return row;
      }),
    );
  }

  say(refused) {
    const count = this.files.length;
    const ready = count === 0 ? "" : count === 1 ? "1 photo ready to send." : `${count} photos ready to send.`;
    this.status.textContent = [...refused, ready].filter(Boolean).join(" ");
    if (refused.length) this.status.dataset.level = "error";
    else delete this.status.dataset.level;
  }
}

function start(root) {
  for (const element of root.querySelectorAll?.("[data-drop]:not([data-drop-ready])") ?? []) new Drop(element);
}
start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
