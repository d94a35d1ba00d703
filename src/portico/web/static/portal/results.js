// Search as you type: matches replace the sections, and the first one is selected.
"use strict";

const AT_ONCE = 40;
// The elements of a tile that a search looks at: name, keywords, description, address.
const SEARCHED = ["n", "k", "d", "h"];
const BY_KEYWORD = 3;
const box = byId("found");
const count = byId("count");
let links;
let shown = [];
let moreTimer;
let selected = -1;

const linksInWords = (number) => (number === 1 ? texts.one : fill(texts.many, number));

function preparedLinks() {
  links ??= Array.from(allTiles(), ({ firstChild: anchor }) => ({
    anchor,
    section: anchor.closest("section").querySelector("h2:not(.sr)")?.textContent ?? "",
    texts: prepare(SEARCHED.map((name) => textOf(anchor, name))),
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

function resultOf({ index, place, needles }, number) {
  const link = links[index];
  const item = element("li", "tile");
  item.setAttribute("role", "none");
  const anchor = link.anchor.cloneNode(true);
  for (const each of anchor.querySelectorAll("[id]")) each.removeAttribute("id");
  for (const image of anchor.querySelectorAll("img")) image.removeAttribute("loading");
  anchor.id = `o${number}`;
  anchor.setAttribute("role", "option");
  anchor.setAttribute("aria-selected", "false");
  anchor.tabIndex = -1;
  SEARCHED.forEach((name, each) => {
    const text = part(anchor, name);
    if (text) highlight(text, needles, link.texts[each]);
  });
  const keywords = part(anchor, "k");
  if (keywords) keywords.hidden = place !== BY_KEYWORD;
  if (link.section) anchor.append(element("bdi", "in", link.section));
  const key = element("kbd", "", "↵");
  key.setAttribute("aria-hidden", "true");
  anchor.append(key);
  item.append(anchor);
  return item;
}

function selectResult(index) {
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
  shown = found.slice(0, AT_ONCE).map(resultOf);
  list.append(...shown);
  clearTimeout(moreTimer);
  if (found.length > AT_ONCE) {
    // The rest comes when the letter is on the screen; the next letter often makes it needless.
    moreTimer = setTimeout(() => {
      const rest = found.slice(AT_ONCE).map((each, index) => resultOf(each, AT_ONCE + index));
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
  const index = nearestLink(
    query,
    preparedLinks().map(({ texts }) => texts),
  );
  if (index < 0) {
    near.remove();
  } else {
    const [before, after] = near.textContent.split("\u2063");
    const link = links[index].anchor;
    const anchor = element("a", "", textOf(link, "n"));
    Object.assign(anchor, { href: link.href, target: "_blank" });
    anchor.rel = "noopener noreferrer";
    anchor.dataset.id = link.dataset.id;
    near.replaceChildren(before, anchor, after);
  }
  none.querySelector("button")?.addEventListener("click", clearSearch);
  box.replaceChildren(none);
}

// Where the visitor was before the search field, and before its first letter: both lead back there.
let before = {};
let searchedFrom;
function remember() {
  before = { focus: document.activeElement, top: window.scrollY };
}
function goBack() {
  const { focus, top } = before;
  before = {};
  field.blur();
  if (focus?.isConnected) focus.focus({ preventScroll: true });
  if (top !== undefined) window.scrollTo(0, top);
}

function showMatches() {
  const query = field.value.trim();
  if (query && !all.hidden) searchedFrom = window.scrollY;
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
    selectResult(-1);
    if (searchedFrom !== undefined) window.scrollTo(0, searchedFrom);
    searchedFrom = undefined;
    return;
  }
  const found = findLinks(
    query,
    preparedLinks().map(({ texts }) => texts),
  );
  if (found.length) showFound(found);
  else showNone(query);
  count.textContent = fill(texts.count, found.length, links.length);
  byId("said").textContent = count.textContent;
  field.setAttribute("aria-expanded", String(found.length > 0));
  selectResult(found.length ? 0 : -1);
  window.scrollTo(0, 0);
}

function clearSearch() {
  field.value = "";
  showMatches();
  field.focus({ preventScroll: true });
}

field.setAttribute("role", "combobox");
field.setAttribute("aria-autocomplete", "list");
field.setAttribute("aria-controls", "results");
field.setAttribute("aria-expanded", "false");
field.addEventListener("input", showMatches);
field.addEventListener("focus", preparedLinks, { once: true });
field.form.addEventListener("submit", (event) => event.preventDefault());
byId("clear").addEventListener("click", clearSearch);
field.addEventListener("keydown", (event) => {
  const item = shown[selected]?.firstChild;
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    event.preventDefault();
    if (shown.length) selectResult((selected + step + shown.length) % shown.length);
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
    if (field.value) clearSearch();
    else goBack();
  }
});

// Back from the browser's memory, or answered by the form: the field may hold text already.
if (field.value) showMatches();
window.addEventListener("pageshow", (event) => event.persisted && field.value && showMatches());
