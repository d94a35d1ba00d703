// What every page of the console does beyond plain HTML: menus that close, the palette, keys, toasts,
// copying. Pages work without it.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (element) =>
  element.matches(
    "input:not([type=checkbox]):not([type=radio]):not([type=file]), textarea, select, [contenteditable]",
  );
// Words are in the page, in its language, with {} for each value.
const filled = (words, ...values) => words.replaceAll("{}", () => values.shift());
const spoken = document.body.dataset;
const say = (words) => {
  one("#says").textContent = words;
};

// Controls that only a script can serve are hidden until one runs.
function reveal(root = document) {
  for (const control of all(
    "[data-copy], [data-grip], [data-section-grip], [data-pick-all], [data-clear], [data-select-all], [data-close-toast], [data-keys-off], [data-tick-all], [data-reveal]",
    root,
  )) {
    control.hidden = false;
  }
}

// Single keys may be switched off (WCAG 2.1.4); the choice stays in the browser.
const keys = {
  get on() {
    return localStorage.getItem("portico.keys") !== "off";
  },
  set on(value) {
    localStorage.setItem("portico.keys", value ? "on" : "off");
    this.show();
  },
  show() {
    for (const button of all("[data-keys-off]")) {
      button.setAttribute("aria-pressed", String(!this.on));
      const state = one("span", button);
      state.textContent = this.on ? state.dataset.on : state.dataset.off;
    }
  },
};

// A menu that begins at its button's start ends at its end where the window is too narrow.
function keepInWindow(panel) {
  if (panel && panel.getBoundingClientRect().right > document.documentElement.clientWidth) {
    panel.classList.remove("start");
  }
}

// On a phone the tabs scroll sideways: the chosen one is in sight.
one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

function closeMenus(except) {
  for (const menu of all("details.menu[open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    closeMenus(menu);
    keepInWindow(one(".menu-panel", menu));
    one("[data-filter-list]", menu)?.focus();
  },
  true,
);

document.addEventListener("click", (event) => {
  const inside = event.target.closest("details.menu");
  closeMenus(inside);
  const button = event.target.closest(
    "[data-copy], [data-close], [data-close-toast], [data-palette], [data-keys], [data-keys-off], [data-fix]",
  );
  if (!button) return;
  const { dataset } = button;
  if ("copy" in dataset) return void copy(button);
  if ("closeToast" in dataset) return void button.closest("[data-toast]").remove();
  if ("keysOff" in dataset) {
    keys.on = !keys.on;
    return;
  }
  if ("palette" in dataset) {
    event.preventDefault();
    return void openPalette();
  }
  if ("keys" in dataset) {
    event.preventDefault();
    return void one("#keys").showModal();
  }
  if ("fix" in dataset) return void fix(event, dataset);
  const dialog = button.closest("dialog");
  if (dialog?.open) {
    event.preventDefault();
    dialog.close();
  }
});

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  say(spoken.copied);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
}

// A proposed value goes into its field; a script saves the round trip.
function fix(event, dataset) {
  const input = document.getElementById(dataset.fix);
  if (!input) return;
  event.preventDefault();
  input.value = dataset.value;
  input.removeAttribute("aria-invalid");
  document.getElementById(`${dataset.fix}-wrong`)?.remove();
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-filter-list]")) return;
  const text = event.target.value.trim().toLowerCase();
  for (const entry of all("a", event.target.closest("[data-filtered]"))) {
    entry.hidden = !entry.textContent.toLowerCase().includes(text);
  }
});

// The palette.
let shownFor = "";
let openFirst = false;

function openPalette() {
  const palette = one("#palette");
  if (!palette.open) palette.showModal();
  one("input", palette).select();
}

one("#palette").addEventListener("keydown", (event) => {
  const results = all("a", one("#palette-found"));
  const here = results.findIndex((each) => each.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && results.length) {
    event.preventDefault();
    choose(results, (here + step + results.length) % results.length);
  } else if (event.key === "Enter" && event.target.value.trim()) {
    event.preventDefault();
    // What is shown may be of fewer letters than were typed: the first result then opens once it is there.
    openFirst = event.target.value !== shownFor;
    if (!openFirst && results.length) results[Math.max(0, here)].click();
  } else if (!event.isComposing) {
    openFirst = false;
  }
});

// The palette shows the results as a list of options; the page of the search shows links.
function markResults(list) {
  const results = all("a", list);
  list.toggleAttribute("role", false);
  if (results.length) list.setAttribute("role", "listbox");
  for (const group of all(":scope > div", list)) group.setAttribute("role", "group");
  for (const title of all("h2", list)) title.setAttribute("role", "presentation");
  for (const each of results) {
    each.setAttribute("role", "option");
    each.id = `palette-${each.id}`;
  }
  one("#palette input").setAttribute("aria-expanded", String(results.length > 0));
  if (results.length) choose(results, 0);
}

function choose(results, position) {
  results.forEach((each, index) => {
    each.setAttribute("aria-selected", String(index === position));
  });
  results[position].scrollIntoView({ block: "nearest" });
  one("#palette input").setAttribute("aria-activedescendant", results[position].id);
}

// Keys that hold on every page. Pages add theirs by listening for "portico:key".
document.addEventListener("keydown", (event) => {
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  if (control && event.key.toLowerCase() === "s") {
    const save = one("[data-save]:not(:disabled)");
    if (save) {
      event.preventDefault();
      save.click();
    }
    return;
  }
  if (event.key === "Escape") {
    const open = one("details.menu[open]");
    if (open) {
      open.open = false;
      one("summary", open).focus();
      return;
    }
  }
  if (
    control ||
    event.altKey ||
    !keys.on ||
    one("dialog[open]") ||
    (typing(event.target) && event.key !== "Escape")
  )
    return;
  const go = {
    "/": () => one("[data-filter]")?.focus(),
    n: () => one("[data-new]")?.click(),
    "?": () => one("#keys").showModal(),
  }[event.key];
  if (go) {
    event.preventDefault();
    return go();
  }
  const handled = !document.dispatchEvent(
    new CustomEvent("portico:key", { detail: event, cancelable: true }),
  );
  if (handled) event.preventDefault();
});

// Toasts count down what can still be undone.
setInterval(() => {
  for (const left of all("[data-countdown]")) {
    const seconds = Number(left.dataset.countdown) - 1;
    left.dataset.countdown = seconds;
    if (seconds <= 0) left.closest("[data-toast]").remove();
    else
      left.textContent =
        seconds >= 60
          ? filled(spoken.minutes, Math.floor(seconds / 60), seconds % 60)
          : filled(spoken.seconds, seconds);
  }
}, 1000);
function note(words) {
  const bar = document.createElement("div");
  bar.className = "toast-bar";
  bar.dataset.toast = "";
  bar.textContent = words;
  one("#toast").replaceChildren(bar);
}

// Work that takes longer than a moment shows that it goes on.
let waiting = null;
const busy = () => {
  waiting ??= setTimeout(() => {
    document.body.classList.add("busy");
    say(spoken.working);
  }, 400);
};
const idle = () => {
  clearTimeout(waiting);
  waiting = null;
  document.body.classList.remove("busy");
};
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) busy();
});
document.addEventListener("htmx:beforeRequest", busy);
document.addEventListener("htmx:afterRequest", idle);
addEventListener("pageshow", idle);

// htmx: every request carries the session's token; a lost session reloads, which leads to sign-in.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  document.documentElement.classList.add("swapped");
  const { xhr, target } = event.detail;
  if (new URL(xhr.responseURL, location.href).pathname.endsWith("/sign-in"))
    return void location.reload();
  if (xhr.status >= 400 && !target.closest("dialog")) {
    event.detail.shouldSwap = false;
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
    note(one("[data-words]", answer)?.textContent ?? spoken.noAnswer);
  }
});
document.addEventListener("htmx:sendError", () => note(spoken.noAnswer));
document.addEventListener("htmx:afterSettle", (event) => {
  reveal();
  if (event.target.id === "palette-found") {
    shownFor = event.detail.requestConfig.parameters.q;
    markResults(event.target);
    const field = one("#palette input");
    if (openFirst && field.value === shownFor) one("a", event.target)?.click();
  }
  const asked = one("#asked");
  if (event.target === asked && !asked.open) asked.showModal();
});

reveal();
keys.show();
// The message about a change is shown once; a bookmark or a reload has no use for it.
{
  const address = new URL(location.href);
  for (const name of ["done", "message"]) address.searchParams.delete(name);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}
// Reloading a page that is shown once must not send its form again.
if (one("[data-once]")) history.replaceState(null, "", location.href);
one("[data-summary]")?.focus();
