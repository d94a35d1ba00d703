// Favourites: in the visitor's account, or in the browser of somebody without a session.
"use strict";

function smallArch(anchor, size) {
  const arch = part(anchor, "arch").cloneNode(true);
  arch.classList.add(size);
  for (const image of arch.querySelectorAll("img")) image.removeAttribute("loading");
  return arch;
}

function opener(anchor) {
  const made = element("a");
  Object.assign(made, { href: anchor.href, target: "_blank", rel: "noopener noreferrer" });
  made.dataset.id = anchor.dataset.id;
  return made;
}

function showFavourites(ids) {
  const row = byId("favourites");
  const made = ids
    .map(anchorOf)
    .filter(Boolean)
    .slice(0, 8)
    .map((anchor, index) => {
      const door = opener(anchor);
      const key = element("kbd", "", index + 1);
      key.setAttribute("aria-hidden", "true");
      door.append(smallArch(anchor, "arch-60"), element("bdi", "", textOf(anchor, "n")), key);
      return door;
    });
  row.querySelector(".favs").replaceChildren(...made);
  row.hidden = made.length === 0;
  root.classList.remove("has-favourites");
}

const pressed = (star, on) => star.setAttribute("aria-pressed", String(on));
// Looked up when first needed: most visits star nothing, and every start would pay for it.
let favourites;
function favouritesNow() {
  if (!signedIn) favourites ??= favouriteIds();
  if (!favourites) {
    allTiles();
    favourites = [
      ...new Set([
        ...Array.from(byId("favourites").querySelectorAll("a"), (each) => each.dataset.id),
        ...Array.from(all.querySelectorAll('.star[aria-pressed="true"]'), (each) => each.value),
      ]),
    ];
  }
  return favourites;
}

async function send(path, values) {
  const answer = await fetch(`${base}/${path}`, {
    method: "POST",
    keepalive: true,
    headers: { "X-CSRF-Token": csrf, "X-Requested-With": "fetch" },
    body: new URLSearchParams(values),
  });
  if (answer.status === 401 || answer.redirected) {
    // The session is over: sign in, and come back to where this was.
    location.assign(`${base}/sign-in?next=${encodeURIComponent(location.pathname)}`);
  }
  return answer.ok && !answer.redirected;
}

// One after another, so that a second click never overtakes the first. What still waits when the
// visitor leaves is sent at once: the next page would not know of it.
const waiting = [];
let sending = false;
async function sendWaiting() {
  if (sending) return;
  sending = true;
  while (waiting.length) await waiting.shift()();
  sending = false;
}
function post(path, values) {
  return new Promise((resolve) => {
    waiting.push(() => send(path, values).then(resolve, () => resolve(false)));
    sendWaiting();
  });
}
addEventListener("pagehide", () => {
  for (const each of waiting.splice(0)) each();
});

// Where a favourite was that lost its star: it comes back there.
const placesLeft = new Map();
async function star(button) {
  const id = button.value;
  const before = favouritesNow();
  const on = !before.includes(id);
  const starred = before.filter((each) => each !== id);
  if (on) starred.splice(placesLeft.get(id) ?? before.length, 0, id);
  else placesLeft.set(id, before.indexOf(id));
  const show = (ids, isOn) => {
    favourites = ids;
    pressed(button, isOn);
    showFavourites(ids);
  };
  show(starred, on);
  let saved = true;
  if (signedIn) {
    saved = await post("favourites", { link: id, on: on ? "1" : "0" });
  } else {
    kept.set(`favourites.${portal}`, favourites);
  }
  if (!saved) show(before, !on);
  toast(saved ? (on ? texts.added : texts.removed) : texts.failed);
}

// The others keep their order. Only those in the row move, so more than eight stay as they are.
async function moveFavourite(id, to) {
  const before = favouritesNow();
  const shown = Array.from(byId("favourites").querySelectorAll("a"), (each) => each.dataset.id);
  const moved = shown.filter((each) => each !== id);
  if (to < 0 || to > moved.length || shown[to] === id) return;
  moved.splice(to, 0, id);
  const following = moved.values();
  favourites = before.map((each) => (shown.includes(each) ? following.next().value : each));
  showFavourites(favourites);
  byId("favourites").querySelector(`[data-id="${id}"]`).focus();
  byId("said").textContent = fill(texts.place, to + 1, shown.length);
  if (!signedIn) kept.set(`favourites.${portal}`, favourites);
  else if (!(await post("favourites/order", { links: moved.join() }))) {
    favourites = before;
    showFavourites(before);
    toast(texts.failed);
  }
}

{
  const row = byId("favourites");
  const inRow = (event) => event.target.closest?.("#favourites a");
  let dragged;
  row.addEventListener("dragstart", (event) => {
    dragged = inRow(event);
  });
  row.addEventListener("dragend", () => {
    dragged = undefined;
  });
  row.addEventListener("dragover", (event) => {
    if (dragged && inRow(event)) event.preventDefault();
  });
  row.addEventListener("drop", (event) => {
    const over = inRow(event);
    if (!dragged || !over) return;
    event.preventDefault();
    moveFavourite(dragged.dataset.id, [...row.querySelectorAll("a")].indexOf(over));
  });
  row.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const anchor = inRow(event);
    if (!step || !anchor || !event.shiftKey || event.altKey || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    const way = document.dir === "rtl" ? -step : step;
    moveFavourite(anchor.dataset.id, [...row.querySelectorAll("a")].indexOf(anchor) + way);
  });
}

byId("stars")?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter) star(event.submitter);
});
if (!signedIn) {
  for (const id of favouritesNow()) if (starOf(id)) pressed(starOf(id), true);
  if (favouritesNow().length) showFavourites(favouritesNow());
}
