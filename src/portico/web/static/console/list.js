// Lists: rows by keys, selection of one, many, a range, all that match.
"use strict";

{
  const list = one("[data-rows]");
  let last = null;
  let currentId = "";
  const rows = () => all("tr[data-row]", list);
  const picks = () => all(".pick", list);
  const here = () => one("tr.here", list);

  function moveTo(row) {
    here()?.classList.remove("here");
    if (!row) return;
    row.classList.add("here");
    currentId = row.id;
    one("a.name", row)?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  function count() {
    const form = one("#bulk");
    if (!form) return;
    const chosen = picks().filter((box) => box.checked).length;
    const words = one("[data-selected]", form);
    // The bar is hidden as long as nothing is selected, and most lists are only read.
    if (!chosen && !words.dataset.counted) return;
    words.dataset.counted = "";
    const every = one("[data-select-all]", form);
    const total = one("[data-all]", form).value ? Number(every?.dataset.selectAll) : chosen;
    const number = total.toLocaleString(document.documentElement.lang);
    words.textContent = filled(words.dataset.selected, number);
    if (chosen) say(words.textContent);
    const head = one("[data-pick-all]", list);
    if (head) {
      head.checked = chosen > 0 && chosen === picks().length;
      head.indeterminate = chosen > 0 && !head.checked;
    }
  }
  function clear() {
    for (const box of picks()) box.checked = false;
    if (one("[data-all]")) one("[data-all]").value = "";
    count();
  }
  function pick(row, value) {
    const box = row && one(".pick", row);
    if (box) {
      box.checked = value ?? !box.checked;
      last = row;
    }
  }
  function range(to) {
    const every = rows();
    const [from, end] = [every.indexOf(last ?? to), every.indexOf(to)].sort((a, b) => a - b);
    for (const row of every.slice(from, end + 1)) {
      const box = one(".pick", row);
      if (box) box.checked = true;
    }
  }

  // The switches of all rows have one form. The row of a switch is replaced, and the message above.
  document.addEventListener(
    "submit",
    (event) => {
      const button = event.submitter;
      if (!button?.matches("[data-switch]")) return;
      event.preventDefault();
      const row = `#${button.closest("tr").id}`;
      const swap = { target: row, select: row, swap: "outerHTML", selectOOB: "#toast" };
      htmx.ajax("POST", button.formAction, { source: button, ...swap });
    },
    true,
  );

  list?.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]"))
      for (const box of picks()) box.checked = event.target.checked;
    if (one("[data-all]")) one("[data-all]").value = "";
    count();
  });
  list?.addEventListener("click", (event) => {
    const box = event.target.closest(".pick");
    if (box) {
      if (event.shiftKey && last) range(box.closest("tr"));
      last = box.closest("tr");
    }
    if (event.target.closest("[data-clear]")) clear();
    if (event.target.closest("[data-select-all]")) {
      for (const each of picks()) each.checked = true;
      one("[data-all]").value = "yes";
      count();
    }
  });
  list?.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (row && row !== here() && event.target.matches("a.name:focus-visible")) {
      here()?.classList.remove("here");
      row.classList.add("here");
      currentId = row.id;
    }
  });

  document.addEventListener("portico:key", (event) => {
    const key = event.detail;
    if (!list || key.defaultPrevented) return;
    if (
      key.target.closest("button, summary, .menu, [role=switch]") &&
      [" ", "Enter"].includes(key.key)
    )
      return;
    const every = rows();
    const current = every.indexOf(here());
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key.key];
    const act = {
      x: () => {
        pick(here());
        count();
      },
      " ": () => {
        pick(here());
        count();
      },
      e: () => one("[data-switch]", here())?.click(),
      Enter: () => {
        if (!key.target.closest("a")) location.assign(here().dataset.href);
        else return false;
      },
      Escape: () => {
        if (picks().some((box) => box.checked)) clear();
        else {
          currentId = "";
          moveTo(null);
        }
      },
    }[key.key];
    if (step && every.length) {
      const next = every[Math.min(every.length - 1, Math.max(0, current + step))];
      if (key.shiftKey) {
        last ??= here() ?? next;
        range(next);
        count();
      }
      moveTo(next);
      event.preventDefault();
    } else if (act && (here() || key.key === "Escape")) {
      if (act() !== false) event.preventDefault();
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!list) return;
    // A replaced row stays the current one.
    if (!here() && currentId) document.getElementById(currentId)?.classList.add("here");
    count();
  });
  // Coming back by the browser's own button, boxes may be ticked already.
  addEventListener("pageshow", () => {
    if (list) count();
  });
}

// Add many: which rows are shown.
for (const button of all("[data-show]")) {
  button.addEventListener("click", () => {
    for (const each of all("[data-show]"))
      each.setAttribute("aria-pressed", String(each === button));
    for (const row of all("[data-kind]"))
      row.hidden = !["all", row.dataset.kind].includes(button.dataset.show);
  });
}
one("[data-send]")?.addEventListener("change", (event) => {
  if (event.target.files.length) event.target.form.requestSubmit();
});
