// What the other scripts of the portal page share: its elements and texts, the toast, copying.
"use strict";

const byId = (id) => document.getElementById(id);
const field = byId("q");
const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
const { dataset: texts } = byId("texts");
const all = byId("all");
// The tiles below the first screen are the text of `noscript` until that screen is drawn, or until
// something needs them. A tall window shows more of them, and a page may open further down after a
// reload or a step back, and with a fragment.
const shownTiles = all.getElementsByClassName("tile");
const later = [...all.getElementsByTagName("noscript")];
function allTiles() {
  for (const each of later.splice(0)) each.outerHTML = each.textContent;
  root.classList.add("drawn");
  return shownTiles;
}
const [opening] = performance.getEntriesByType("navigation");
if (opening?.type === "navigate" && !location.hash && window.innerHeight <= 960) {
  window.addEventListener("load", () => {
    new PerformanceObserver(allTiles).observe({ type: "paint", buffered: true });
    setTimeout(allTiles, 500); // a browser that does not tell when it paints
  });
} else allTiles();

let anchors;
function anchorOf(id) {
  anchors ??= new Map(Array.from(allTiles(), ({ firstChild: each }) => [each.dataset.id, each]));
  return anchors.get(id);
}
const starOf = (id) => anchorOf(id)?.parentElement.lastChild;
const language = root.lang;

const fill = (text, ...numbers) =>
  numbers.reduce((so, number, index) => so.replace(String(1111 * (index + 1)), number), text);
const part = (anchor, name) => anchor.querySelector(`.${name}`);
const textOf = (anchor, name) => part(anchor, name)?.textContent ?? "";

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

let toastTimer;
function toast(text) {
  byId("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => byId("toast").replaceChildren(), 4000);
}

async function copy(anchor) {
  try {
    await navigator.clipboard.writeText(anchor.href);
    toast(texts.copied);
  } catch {
    toast(anchor.href); // No clipboard on plain http: the address can be read at least.
  }
}

// A tile has a place without its link being laid out, which is a lot of work for all 500.
const boxOf = (anchor) => anchor.closest(".tile") ?? anchor;

function visible() {
  allTiles();
  return [...document.querySelectorAll(".favs a, .recent a, .tile > a")].filter(
    (each) => boxOf(each).offsetParent !== null,
  );
}

byId("hide")?.addEventListener("click", () => {
  kept.set(`notice.${portal}`, root.dataset.notice);
  root.classList.add("notice-hidden");
  field.focus();
});
