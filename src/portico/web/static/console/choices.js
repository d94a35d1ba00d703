// Lists of choices: narrowed by a text, and boxes with a third state that leaves things as they are.
"use strict";

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const list = event.target.closest("[data-narrowed]");
  const text = event.target.value.trim().toLowerCase();
  let found = 0;
  for (const row of all("[data-choice]", list)) {
    row.hidden = !row.textContent.toLowerCase().includes(text);
    if (!row.hidden) found += 1;
  }
  one("[data-none]", list).hidden = found > 0;
});

{
  // Without a script a second box takes the links off; with one, it holds the third state of the first.
  const second = (box) => one("[data-off]", box.closest("[data-choice]"));
  const off = (box) => one("input", second(box));

  function show(box) {
    second(box).hidden = true;
    box.indeterminate = !box.checked && !off(box).checked;
  }
  document.addEventListener(
    "change",
    (event) => {
      const box = event.target;
      if (!box.matches("[data-some]")) return;
      const wasOff = off(box).checked;
      if (wasOff) box.checked = false;
      off(box).checked = !wasOff && !box.checked;
      show(box);
    },
    true,
  );
  const showAll = () => {
    for (const box of all("[data-some]")) show(box);
  };
  document.addEventListener("htmx:afterSettle", showAll);
  addEventListener("pageshow", showAll);
}

// Links to put on a portal: how many are ticked, and whether the portal has room for them.
{
  const sets = () => all("[data-links]");
  const boxes = (set) => all("[name=link]", set);

  function count(set) {
    const ticked = boxes(set).filter((box) => box.checked).length;
    const { room } = set.dataset;
    const line = one("[data-ticked]", set);
    const over = ticked > Number(room);
    const words = over ? "over" : (["none", "one"][ticked] ?? "many");
    line.textContent = line.dataset[words].replace("{}", ticked);
    line.classList.toggle("bad", over);
    for (const button of all("[data-needs-link]", set.form)) button.disabled = over || !ticked;
  }
  document.addEventListener("change", (event) => {
    const set = event.target.closest?.("[data-links]");
    if (set) count(set);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick-all]");
    if (!button) return;
    const set = button.closest("[data-links]");
    for (const box of boxes(set)) box.checked = true;
    count(set);
  });
  // Enter ticks the first match instead of sending the form.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-find-links]")) return;
    event.preventDefault();
    const set = event.target.closest("[data-links]");
    const next = boxes(set).find((box) => !box.checked);
    if (next) next.checked = true;
    count(set);
  });
  const countAll = () => {
    for (const set of sets()) count(set);
  };
  document.addEventListener("htmx:afterSettle", countAll);
  addEventListener("pageshow", countAll);
}
