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
      else if (name === "name") look.textContent = field("name").value || look.dataset.empty;
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
    // The host is the name until somebody gives a better one, as in "Add many".
    const name = field("name");
    if (!name.value) {
      name.value = parts[2].replace(/:\d*$/, "").replace(/^www\./i, "");
      name.select();
    }
    say(form.dataset.split);
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
        field("host") &&
        (["host", "path"].includes(event.target.name) ||
          (event.target.name === "name" && !event.target.value)) &&
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
