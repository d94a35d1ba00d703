// The order of a portal's links and sections: by dragging the grip, or Space, arrows, Space.
"use strict";

{
  const board = one("[data-order]");
  const words = document.createElement("span");
  let lifted = null;

  const isSection = (item) => item.matches(".order-section");
  const siblings = (item) =>
    isSection(item)
      ? all(".order-section", board).filter((each) => each.dataset.section)
      : all("[data-id]", item.closest(".order-section"));
  const position = (item) => siblings(item).indexOf(item) + 1;
  const nameOf = (item) => (isSection(item) ? item.dataset.name : one(".name", item).textContent);
  const gripOf = (item) => one("[data-grip], [data-section-grip]", item);
  const template = one("#link-menu");

  // What all rows have alike is not sent with each: 500 rows would make megabytes of it.
  for (const row of template ? all("[data-id]", board) : []) {
    const grip = document.createElement("button");
    grip.className = "grip";
    grip.type = "button";
    grip.dataset.grip = "";
    grip.setAttribute("aria-label", filled(board.dataset.move, nameOf(row)));
    row.prepend(grip);
    one(".more", row)?.setAttribute("aria-label", filled(board.dataset.more, nameOf(row)));
  }
  board?.addEventListener("click", (event) => {
    const more = event.target.closest(".more");
    if (!more || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // Such a click closes every menu.
    const row = more.closest("[data-id]");
    const menu = one("details", template.content).cloneNode(true);
    one("[data-menu-name]", menu).textContent = more.getAttribute("aria-label");
    one("[name=link]", menu).value = row.dataset.id;
    one("[data-menu-edit]", menu).href = one(".name", row).href;
    one(row.classList.contains("off") ? "[value=disable]" : "[value=enable]", menu).remove();
    one(`[value="to:${row.closest(".order-section").dataset.section}"]`, menu)?.remove();
    more.replaceWith(menu);
    menu.open = true;
    one("summary", menu).focus();
  });

  function number() {
    for (const section of all(".order-section", board)) {
      all(".place", section).forEach((each, index) => {
        each.textContent = index + 1;
      });
    }
  }
  function lift(item) {
    lifted = {
      item,
      parent: item.parentNode,
      next: item.nextSibling,
      from: position(item),
      section: item.closest(".order-section"),
    };
    item.classList.add("lifted");
    one(".end", item)?.prepend(words);
    showPosition();
    say(filled(board.dataset.lifted, nameOf(item), position(item), siblings(item).length));
  }
  function showPosition() {
    const at = [position(lifted.item), siblings(lifted.item).length];
    words.textContent = filled(board.dataset.shown, ...at);
  }
  function moved() {
    number();
    showPosition();
    const { item } = lifted;
    const at = [position(item), siblings(item).length];
    if (isSection(item)) say(filled(board.dataset.place, ...at));
    else say(filled(board.dataset.placeIn, ...at, item.closest(".order-section").dataset.name));
  }
  function settle() {
    const { item } = lifted;
    item.classList.remove("lifted", "dragging");
    words.remove();
    const was = lifted;
    lifted = null;
    return was;
  }
  function putBack(was = settle()) {
    was.parent.insertBefore(was.item, was.next);
    number();
    say(filled(board.dataset.back, nameOf(was.item)));
    gripOf(was.item)?.focus();
  }
  async function drop() {
    const was = settle();
    const { item } = was;
    gripOf(item).focus();
    const section = item.closest(".order-section");
    if (position(item) === was.from && section === was.section) return say(board.dataset.still);
    const body = new URLSearchParams({ csrf: document.body.dataset.csrf });
    if (isSection(item)) {
      for (const each of siblings(item)) body.append("section", each.dataset.section);
    } else {
      body.append("into", section.dataset.section);
      body.append("moved", item.dataset.id);
      for (const each of siblings(item)) body.append("link", each.dataset.id);
    }
    const answer = await fetch(board.dataset.order, {
      method: "POST",
      body,
      headers: { "X-CSRF-Token": document.body.dataset.csrf },
    }).catch(() => null);
    if (!answer?.ok) {
      putBack(was);
      return note(board.dataset.unsaved);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const toast = one("#toast", page);
    if (toast) {
      one("#toast").replaceChildren(...toast.children);
      reveal();
    }
    say(filled(board.dataset.dropped, nameOf(item), position(item), siblings(item).length));
  }
  function step(item, by) {
    const every = siblings(item);
    const other = every[every.indexOf(item) + by];
    if (other) by > 0 ? other.after(item) : other.before(item);
    else if (!isSection(item)) {
      const sections = all(".order-section", board);
      const next = sections[sections.indexOf(item.closest(".order-section")) + by];
      if (!next) return;
      const list = by > 0 ? one("[data-order-list]", next) : all("[data-order-list]", next).at(-1);
      by > 0 ? list.prepend(item) : list.append(item);
    } else return;
    for (const rest of all("details.rest", board)) if (rest.contains(item)) rest.open = true;
    moved();
    gripOf(item).focus();
    item.scrollIntoView({ block: "nearest" });
  }

  board?.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-grip], [data-section-grip]");
    if (!grip) return;
    const item = grip.closest(".order-section [data-id], .order-section");
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      lifted ? drop() : lift(item);
    } else if (lifted && by) {
      event.preventDefault();
      event.stopPropagation();
      step(item, by);
    } else if (lifted && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      putBack();
    } else if (lifted && event.key === "Tab") putBack();
  });

  board?.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip], [data-section-grip]");
    if (!grip || event.button !== 0) return;
    if (lifted) putBack();
    const item = grip.closest(grip.matches("[data-grip]") ? "[data-id]" : ".order-section");
    event.preventDefault();
    // On the document: a row that moves in the page loses the pointer it had captured.
    let started = false;
    const move = (at) => {
      if (!started) {
        if (Math.abs(at.clientY - event.clientY) < 4) return;
        started = true;
        lift(item);
        item.classList.add("dragging");
      }
      const under = document
        .elementsFromPoint(at.clientX, at.clientY)
        .map((each) =>
          each.closest(
            isSection(item) ? ".order-section" : ".order-section [data-id], [data-order-list]",
          ),
        )
        .find(
          (each) =>
            each &&
            each !== item &&
            board.contains(each) &&
            !item.contains(each) &&
            !(isSection(item) && !each.dataset.section),
        );
      if (!under) return;
      if (under.matches("[data-order-list]")) {
        if (!under.children.length) under.append(item);
      } else {
        const box = under.getBoundingClientRect();
        at.clientY < box.top + box.height / 2 ? under.before(item) : under.after(item);
      }
      number();
      showPosition();
    };
    const stop = (put) => () => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", dropped);
      document.removeEventListener("pointercancel", cancelled);
      if (started && lifted) put();
    };
    const dropped = stop(drop);
    const cancelled = stop(putBack);
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", dropped);
    document.addEventListener("pointercancel", cancelled);
  });
}
