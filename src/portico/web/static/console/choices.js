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
