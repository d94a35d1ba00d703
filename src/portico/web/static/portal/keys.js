// Single keys, outside fields only, and arrows that move between links.
"use strict";

{
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
      clearSearch();
      return;
    }
    if (!root.classList.contains("keys")) return;
    if (key === "/") {
      event.preventDefault();
      remember();
      // On a long page it sticks in sight. Scrolling to where it began would move the page.
      field.focus({ preventScroll: byId("main").classList.contains("long") });
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
}
