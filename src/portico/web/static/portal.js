// The portal page's own script: find as you type, keys, favourites, recent, notice, theme. The page
// works without it. What must not move the page while it is drawn happens at once, in the head.
"use strict";

const root = document.documentElement;
const { base, portal } = root.dataset;
const signedIn = "user" in root.dataset;

const kept = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`portico.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`portico.${name}`, JSON.stringify(value));
    } catch {
      // Storage is off or full: the page works, it only forgets.
    }
  },
};
// Ids are texts: they have more digits than a number of this language keeps.
const listOf = (value) => (Array.isArray(value) ? value : []);
const favouriteIds = () =>
  listOf(kept.get(`favourites.${portal}`)).filter((id) => typeof id === "string");
const recentOnes = () =>
  listOf(kept.get(`recent.${portal}`)).filter((each) => typeof each?.id === "string");

const AT_ONCE = 40;

root.classList.add("js");
root.classList.toggle("keys", kept.get("keys", true));
if (root.dataset.notice && kept.get(`notice.${portal}`) === root.dataset.notice) {
  root.classList.add("notice-hidden");
}
if (!signedIn) {
  // Room for these rows is kept from the first paint on; they are filled once the tiles are there.
  root.classList.toggle("has-favourites", favouriteIds().length > 0);
  root.classList.toggle("has-recent", recentOnes().length > 0);
}

function start() {
  const byId = (id) => document.getElementById(id);
  const field = byId("q");
  const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
  if (!field) return;

  const { dataset: texts } = byId("texts");
  const all = byId("all");
  const box = byId("found");
  const count = byId("count");
  const tiles = all.getElementsByClassName("tile");
  const anchorOf = (id) => byId(`n${id}`)?.closest("a");
  const starOf = (id) => anchorOf(id)?.parentElement.lastChild;
  const language = root.lang;
  let links;
  let shown = [];
  let moreTimer;
  let selected = -1;

  const fill = (text, ...numbers) =>
    numbers.reduce((so, number, index) => so.replace(String(1111 * (index + 1)), number), text);
  const linksInWords = (number) => (number === 1 ? texts.one : fill(texts.many, number));
  const part = (anchor, name) => anchor.querySelector(`.${name}`);
  const textsOf = (anchor) => part(anchor, "t").children;
  const textOf = (anchor, name) => part(anchor, name)?.textContent ?? "";

  let toastTimer;
  function toast(text) {
    byId("toast").textContent = text;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => (byId("toast").textContent = ""), 4000);
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Find

  function ready() {
    links ??= Array.from(tiles, ({ firstChild: anchor }) => ({
      anchor,
      section: anchor.closest("section").querySelector("h2:not(.sr)")?.textContent ?? "",
      texts: prepare(Array.from(textsOf(anchor), (each) => each.textContent)),
    }));
    return links;
  }

  function highlight(node, needles, folded) {
    const text = node.textContent;
    node.textContent = "";
    let done = 0;
    for (const [from, to] of spans(needles, folded)) {
      node.append(text.slice(done, from), element("mark", "", text.slice(from, to)));
      done = to;
    }
    node.append(text.slice(done));
  }

  function option({ index, needles }, place) {
    const link = links[index];
    const item = element("li", "tile");
    item.setAttribute("role", "none");
    const anchor = link.anchor.cloneNode(true);
    for (const each of anchor.querySelectorAll("[id]")) each.removeAttribute("id");
    for (const image of anchor.querySelectorAll("img")) image.removeAttribute("loading");
    anchor.id = `o${place}`;
    anchor.setAttribute("role", "option");
    anchor.setAttribute("aria-selected", "false");
    anchor.tabIndex = -1;
    [...textsOf(anchor)].forEach((each, index) => highlight(each, needles, link.texts[index]));
    if (link.section) anchor.append(element("bdi", "in", link.section));
    const key = element("kbd", "", "↵");
    key.setAttribute("aria-hidden", "true");
    anchor.append(key);
    item.append(anchor);
    return item;
  }

  function select(index) {
    shown[selected]?.classList.remove("on");
    shown[selected]?.firstChild.setAttribute("aria-selected", "false");
    selected = index;
    const item = shown[selected];
    if (!item) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    item.classList.add("on");
    item.firstChild.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", item.firstChild.id);
    item.scrollIntoView({ block: "nearest" });
  }

  function showFound(found) {
    const block = element("div", "block tiles-of");
    const head = element("div", "head");
    head.append(element("h2", "", texts.found), element("span", "", linksInWords(found.length)));
    const list = element("ul", "results");
    list.id = "results";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", texts.found);
    shown = found.slice(0, AT_ONCE).map(option);
    list.append(...shown);
    clearTimeout(moreTimer);
    if (found.length > AT_ONCE) {
      // The rest comes when the letter is on the screen; the next letter often makes it needless.
      moreTimer = setTimeout(() => {
        const rest = found.slice(AT_ONCE).map((each, index) => option(each, AT_ONCE + index));
        shown.push(...rest);
        list.append(...rest);
      }, 120);
    }
    const column = element("div");
    column.append(list, byId("hints").content.cloneNode(true));
    block.append(head, column);
    box.replaceChildren(block);
  }

  function showNone(query) {
    const none = byId("none").content.cloneNode(true);
    const title = none.querySelector("h2");
    title.textContent = title.textContent.replace("\u2063", () => query);
    const near = none.querySelector("p span");
    const index = nearestLink(query, Array.from(tiles, (tile) => textOf(tile.firstChild, "n")));
    if (index < 0) {
      near.remove();
    } else {
      const [before, after] = near.textContent.split("\u2063");
      const anchor = element("a", "", textOf(tiles[index].firstChild, "n"));
      Object.assign(anchor, { href: tiles[index].firstChild.href, target: "_blank" });
      anchor.rel = "noopener noreferrer";
      anchor.dataset.id = tiles[index].firstChild.dataset.id;
      near.replaceChildren(before, anchor, after);
    }
    none.querySelector("button")?.addEventListener("click", clear);
    box.replaceChildren(none);
  }

  function find() {
    const query = field.value.trim();
    clearTimeout(moreTimer);
    shown = [];
    selected = -1;
    all.hidden = Boolean(query);
    box.hidden = !query;
    byId("slash").hidden = Boolean(query);
    byId("clear").hidden = !query;
    field.setAttribute("aria-expanded", String(Boolean(query)));
    if (!query) {
      box.replaceChildren();
      count.textContent = "";
      byId("said").textContent = "";
      select(-1);
      return;
    }
    const found = findLinks(
      query,
      ready().map(({ texts }) => texts),
    );
    if (found.length) showFound(found);
    else showNone(query);
    count.textContent = fill(texts.count, found.length, tiles.length);
    byId("said").textContent = count.textContent;
    field.setAttribute("aria-expanded", String(found.length > 0));
    select(found.length ? 0 : -1);
    window.scrollTo(0, 0);
  }

  function clear() {
    field.value = "";
    find();
    field.focus();
  }

  async function copy(anchor) {
    try {
      await navigator.clipboard.writeText(anchor.href);
      toast(texts.copied);
    } catch {
      toast(anchor.href); // No clipboard on plain http: the address can be read at least.
    }
  }

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", "results");
  field.setAttribute("aria-expanded", "false");
  field.addEventListener("input", find);
  field.addEventListener("focus", ready, { once: true });
  field.form.addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", clear);
  field.addEventListener("keydown", (event) => {
    const item = shown[selected]?.firstChild;
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      event.preventDefault();
      if (shown.length) select((selected + step + shown.length) % shown.length);
      else if (step > 0 && !field.value.trim()) visible()[0]?.focus();
    } else if (event.key === "Enter" && item) {
      event.preventDefault();
      if (event.altKey) {
        copy(item);
      } else {
        item.click();
        field.select();
      }
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (field.value) clear();
      else field.blur();
    }
  });

  // Favourites and recent

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
    row.lastElementChild.replaceChildren(...made);
    row.hidden = made.length === 0;
    root.classList.remove("has-favourites");
  }

  function showRecent() {
    const row = byId("recent");
    const made = recentOnes()
      .filter(({ id }) => anchorOf(id))
      .slice(0, 5)
      .map(({ id, time }) => {
        const anchor = anchorOf(id);
        const link = opener(anchor);
        const when = element("span", "", ago(time));
        link.append(smallArch(anchor, "arch-24"), element("bdi", "", textOf(anchor, "n")), " ", when);
        return link;
      });
    row.lastElementChild.replaceChildren(...made);
    row.hidden = made.length === 0;
    root.classList.remove("has-recent");
  }

  // The words of web/languages.py, so that nothing changes its width when these take their place.
  const capital = (words) => words[0].toLocaleUpperCase(language) + words.slice(1);
  const inDays = (moment, style) =>
    moment.toLocaleDateString(language === "en" ? "en-GB" : language, style);
  const dayAndMonth = (moment) => inDays(moment, { day: "numeric", month: "long" });

  function ago(time) {
    const now = new Date();
    const then = new Date(time * 1000);
    const minutes = Math.floor((now - then) / 60000);
    if (minutes < 1) return texts.now;
    if (minutes < 60) return fill(texts.minutes, minutes);
    const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
    const days = Math.round((midnight(now) - midnight(then)) / 86400000);
    if (days < 2) {
      return capital(
        new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day"),
      );
    }
    return days < 7 ? capital(inDays(then, { weekday: "short" })) : dayAndMonth(then);
  }

  const pressed = (star, on) => star.setAttribute("aria-pressed", String(on));
  // Looked up when first needed: most visits star nothing, and every start would pay for it.
  let favourites;
  function favouritesNow() {
    if (!signedIn) favourites ??= favouriteIds();
    favourites ??= [
      ...new Set([
        ...Array.from(byId("favourites").querySelectorAll("a"), (each) => each.dataset.id),
        ...Array.from(all.querySelectorAll('.star[aria-pressed="true"]'), (each) => each.value),
      ]),
    ];
    return favourites;
  }

  async function post(path, values) {
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

  async function star(button) {
    const id = button.value;
    const before = favouritesNow();
    const on = !before.includes(id);
    const show = (ids, isOn) => {
      favourites = ids;
      pressed(button, isOn);
      showFavourites(ids);
    };
    show(on ? [...before, id] : before.filter((each) => each !== id), on);
    let saved = true;
    if (signedIn) {
      saved = await post("favourites", { link: id, on: on ? "1" : "0" }).catch(() => false);
    } else {
      kept.set(`favourites.${portal}`, favourites);
    }
    if (!saved) show(before, !on);
    toast(saved ? (on ? texts.added : texts.removed) : texts.failed);
  }

  byId("stars").addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter) star(event.submitter);
  });
  if (!signedIn) {
    for (const id of favouritesNow()) if (starOf(id)) pressed(starOf(id), true);
    if (favouritesNow().length) showFavourites(favouritesNow());
    if (recentOnes().length) showRecent();
  }
  for (const each of document.querySelectorAll("[data-time]")) {
    each.textContent = ago(Number(each.dataset.time));
  }

  function opened(event) {
    const anchor = event.target.closest?.("a[data-id]");
    if (!anchor || (event.type === "auxclick" && event.button !== 1)) return;
    const { id } = anchor.dataset;
    navigator.sendBeacon(`${base}/opened/${id}`, new URLSearchParams({ csrf }));
    if (!signedIn) {
      const others = recentOnes().filter((each) => each.id !== id);
      const time = Math.floor(Date.now() / 1000);
      kept.set(`recent.${portal}`, [{ id, time }, ...others].slice(0, 12));
    }
  }
  document.addEventListener("click", opened);
  document.addEventListener("auxclick", opened);

  byId("hide")?.addEventListener("click", () => {
    kept.set(`notice.${portal}`, root.dataset.notice);
    root.classList.add("notice-hidden");
    field.focus();
  });

  // The day where the reader is, when it is not the server's
  const today = new Date();
  const day = byId("day");
  if (Number(day.dataset.day) !== today.getDate()) {
    day.firstElementChild.textContent = capital(inDays(today, { weekday: "long" }));
    day.lastElementChild.textContent = dayAndMonth(today);
  }

  // Single keys, outside fields only

  // A tile has a place without its link being laid out, which is a lot of work for all 500.
  const boxOf = (anchor) => anchor.closest(".tile") ?? anchor;

  function visible() {
    return [...document.querySelectorAll(".favs a, .recent a, .tile > a")].filter(
      (each) => boxOf(each).offsetParent !== null,
    );
  }

  const TOWARDS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function move(from, [x, y]) {
    const own = boxOf(from).getBoundingClientRect();
    const centre = (r) => [r.left + Math.min(r.width, 120) / 2, r.top + r.height / 2];
    const [cx, cy] = centre(own);
    let closest = Infinity;
    let next;
    for (const each of visible()) {
      const [ex, ey] = centre(boxOf(each).getBoundingClientRect());
      const along = (ex - cx) * x + (ey - cy) * y;
      const aside = Math.abs(x ? ey - cy : ex - cx);
      if (each === from || along < 8 || (x && aside > own.height / 2)) continue;
      const distance = along + 2 * aside;
      if (distance < closest) [closest, next] = [distance, each];
    }
    if (next) next.focus();
    else if (y < 0) field.focus();
  }

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.isComposing || byId("help").open) return;
    const anchor = target.closest?.("main a[data-id]");
    if (event.altKey) {
      if (key === "Enter" && anchor) {
        event.preventDefault();
        copy(anchor);
      }
      return;
    }
    if (target.closest?.("input, select, textarea, [contenteditable]")) return;
    if (anchor && TOWARDS[key]) {
      event.preventDefault();
      move(anchor, TOWARDS[key]);
      return;
    }
    if (key === "Escape" && field.value) {
      event.preventDefault();
      clear();
      return;
    }
    if (!root.classList.contains("keys")) return;
    if (key === "/") {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (key === "?") {
      event.preventDefault();
      byId("help").showModal();
    } else if (key === "f" && anchor) {
      const button = starOf(anchor.dataset.id);
      if (button) star(button);
    } else if (/^[1-8]$/.test(key) && !box.contains(target)) {
      byId("favourites").querySelectorAll("a")[Number(key) - 1]?.click();
    }
  });

  // Back from the browser's memory, or answered by the form: the field may hold text already.
  if (field.value) find();
  window.addEventListener("pageshow", (event) => event.persisted && field.value && find());
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
