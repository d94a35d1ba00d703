// Forms: the tile as it will look, addresses that split themselves, searchable choices.
"use strict";

{
  const form = one("[data-editor]");
  const field = (name) => form?.elements.namedItem(name);

  // The letter and its colour, by the rule that the server has (domain/icons.py).
  function letterOf(name) {
    const character = name.normalize("NFC").match(/[\p{L}\p{N}]/u)?.[0];
    if (!character) return "·";
    const upper = character.toUpperCase();
    return [...upper].length === 1 ? upper : character;
  }
  function hueOf(name) {
    let digest = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(
      name.trim().normalize("NFD").toLowerCase().normalize("NFC"),
    )) {
      digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
    }
    return digest % 12;
  }
  let picture = null;
  let isDark = false;
  function lookOf(name) {
    const arch = document.createElement("span");
    arch.ariaHidden = "true";
    if (picture) {
      arch.className = isDark ? "arch arch-for-dark" : "arch";
      const image = document.createElement("img");
      image.src = picture;
      image.alt = "";
      arch.append(image);
    } else {
      arch.className = `arch hu hu${hueOf(name)}`;
      arch.textContent = letterOf(name);
    }
    return arch;
  }
  // The server shows a host of mixed scripts in its ASCII form; what is being typed stays as it is.
  function shownHost(look) {
    const host = field("host");
    return host.value === host.defaultValue ? look.dataset.host : host.value;
  }
  function show() {
    for (const look of all("[data-look]", form)) {
      const name = look.dataset.look;
      if (name === "icon") look.replaceChildren(lookOf(field("name").value));
      else if (name === "address") look.textContent = shownHost(look) + field("path").value;
      else if (name === "name") look.textContent = field("name").value || "Name";
      else look.textContent = field(name)?.value ?? "";
    }
    const icon = one("[data-icon-look]", form);
    if (icon) icon.replaceChildren(lookOf(field("name").value));
  }
  function split(text) {
    const parts = text.trim().match(/^(https?):\/\/([^/?#]+)([/?#].*)?$/i);
    if (!parts) return false;
    field("protocol").value = `${parts[1].toLowerCase()}://`;
    field("host").value = parts[2];
    field("path").value = parts[3] ? (parts[3].startsWith("/") ? parts[3] : `/${parts[3]}`) : "";
    say("The address was split into its three parts.");
    field("host").dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }
  function readIcon(file) {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      picture = reader.result;
      show();
    });
    reader.readAsDataURL(file);
  }

  if (form) {
    picture = one("[data-icon-look] img", form)?.src ?? null;
    // The picture before one of the catalogue is chosen.
    const kept = picture;
    const keptIsDark = Boolean(one("[data-icon-look] .arch-for-dark", form));
    isDark = keptIsDark;
    let dirty = false;
    form.addEventListener("input", (event) => {
      dirty = true;
      if (event.target.name === "host" && event.target.value.includes("://"))
        split(event.target.value);
      if (event.target.matches("[data-colour]"))
        field(event.target.dataset.colour).value = event.target.value;
      if (event.target.name === "accent" && /^#[0-9a-f]{6}$/i.test(event.target.value))
        one("[data-colour=accent]").value = event.target.value;
      show();
    });
    form.addEventListener("paste", (event) => {
      if (
        ["host", "path"].includes(event.target.name) &&
        split(event.clipboardData.getData("text"))
      ) {
        event.preventDefault();
        dirty = true;
        show();
      }
    });
    form.addEventListener("change", (event) => {
      if (event.target.name === "icon" && event.target.files[0]) readIcon(event.target.files[0]);
      if (event.target.name === "icon_pick") {
        const label = event.target.closest("label");
        picture = one("img", label)?.src ?? kept;
        isDark = picture === kept ? keptIsDark : label.matches("[data-dark]");
        show();
      }
      if (event.target.name === "icon_none") {
        picture = event.target.checked ? null : picture;
        show();
      }
    });
    form.addEventListener("submit", () => {
      dirty = false;
    });
    addEventListener("beforeunload", (event) => {
      if (dirty) event.preventDefault();
    });
  }
}

// Check boxes become a searchable choice with chips; the boxes stay the ones that are sent.
for (const set of all("[data-picker]")) {
  const boxes = () => all("input[type=checkbox]", one(".choices", set));
  const name = (box) => box.closest("label").textContent.trim();
  const added = one("[data-picker-new]", set);
  const box = document.createElement("div");
  box.className = "picker-box";
  const picker = document.createElement("div");
  picker.className = "picker";
  const input = Object.assign(document.createElement("input"), {
    type: "text",
    placeholder: set.dataset.add,
    autocomplete: "off",
  });
  const options = Object.assign(document.createElement("ul"), {
    className: "options",
    id: `${set.dataset.picker}-options`,
    hidden: true,
  });
  options.setAttribute("role", "listbox");
  options.setAttribute("aria-label", one("legend", set).firstChild.textContent.trim());
  for (const [key, value] of Object.entries({
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": options.id,
    "aria-autocomplete": "list",
    "aria-label": set.dataset.add,
  }))
    input.setAttribute(key, value);
  input.id = set.dataset.picker;
  let here = -1;

  const fresh = () =>
    (added?.value ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
  function changed() {
    set.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
  }
  function chip(words, drop) {
    const element = Object.assign(document.createElement("span"), { className: "chip" });
    const text = Object.assign(document.createElement("bdi"), {
      className: "cut",
      textContent: words,
    });
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: "×",
    });
    button.setAttribute("aria-label", `Remove ${words}`);
    button.addEventListener("click", () => {
      drop();
      changed();
      input.focus();
    });
    element.append(text, button);
    return element;
  }
  function draw() {
    const chips = boxes()
      .filter((each) => each.checked)
      .map((each) =>
        chip(name(each), () => {
          each.checked = false;
        }),
      );
    for (const words of fresh())
      chips.push(
        chip(words, () => {
          added.value = fresh()
            .filter((each) => each !== words)
            .join(", ");
        }),
      );
    picker.replaceChildren(...chips, input);
    const picked = one("[data-picked]", set);
    if (picked && / of /.test(picked.textContent))
      picked.textContent = `${boxes().filter((each) => each.checked).length} of ${boxes().length}`;
  }
  function offer() {
    const text = input.value.trim().toLowerCase();
    const matches = boxes()
      .filter((each) => !each.checked && name(each).toLowerCase().includes(text))
      .slice(0, 50);
    const entries = matches.map((each) =>
      entry(name(each), () => {
        each.checked = true;
      }),
    );
    const exact = boxes().some((each) => name(each).toLowerCase() === text);
    if (added && text && !exact && !fresh().some((each) => each.toLowerCase() === text)) {
      const words = input.value.trim().replaceAll(",", " ");
      entries.push(
        entry(`Make “${words}”`, () => {
          added.value = [...fresh(), words].join(", ");
        }),
      );
    }
    options.replaceChildren(...entries);
    options.hidden = !entries.length;
    input.setAttribute("aria-expanded", String(!options.hidden));
    mark(text && entries.length ? 0 : -1);
  }
  function entry(words, take) {
    const item = Object.assign(document.createElement("li"), {
      textContent: words,
      id: `${options.id}-${Math.random().toString(36).slice(2)}`,
    });
    item.setAttribute("role", "option");
    item.take = () => {
      take();
      input.value = "";
      changed();
      input.focus();
      offer();
    };
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      item.take();
    });
    return item;
  }
  function mark(position) {
    here = position;
    [...options.children].forEach((each, index) => {
      each.setAttribute("aria-selected", String(index === position));
    });
    input.setAttribute("aria-activedescendant", options.children[position]?.id ?? "");
    options.children[position]?.scrollIntoView({ block: "nearest" });
  }
  function shut() {
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
    here = -1;
  }

  input.addEventListener("focus", offer);
  input.addEventListener("blur", shut);
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    offer();
  });
  input.addEventListener("keydown", (event) => {
    const count = options.children.length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (options.hidden) offer();
      if (count) mark((here + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      options.children[here]?.take();
    } else if (event.key === "Escape" && !options.hidden) {
      event.stopPropagation();
      shut();
    } else if (event.key === "Backspace" && !input.value)
      one(".chip:last-of-type button", picker)?.click();
  });
  picker.addEventListener("click", (event) => {
    if (event.target === picker) input.focus();
  });
  one(".choices", set).hidden = true;
  if (added) added.hidden = true;
  if (set.disabled || set.closest("fieldset:disabled")) input.hidden = true;
  one(".choices", set).after(box);
  box.append(picker, options);
  draw();
}
