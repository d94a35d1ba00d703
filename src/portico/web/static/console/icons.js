// The catalogue of icons: what is chosen there and an uploaded picture exclude one another.
"use strict";

{
  const search = one("[data-icon-find]");
  const form = search?.form;
  search?.addEventListener("keydown", (event) => {
    // Enter chooses the first icon that was found, and does not save the link.
    if (event.key !== "Enter") return;
    event.preventDefault();
    one("[name=icon_pick]:not([value=''])", form)?.click();
  });
  // What is typed here chooses an icon only where no script offers any.
  form?.addEventListener("submit", () => {
    search.value = "";
  });
  form?.addEventListener("change", (event) => {
    const pick = one("[name=icon_pick]:checked", form);
    if (event.target.name === "icon_pick" && event.target.value) {
      form.elements.namedItem("icon").value = "";
      const none = form.elements.namedItem("icon_none");
      if (none) none.checked = false;
      say(filled(search.dataset.chosen, event.target.closest("label").textContent.trim()));
    } else if (["icon", "icon_none"].includes(event.target.name) && pick) {
      pick.checked = false;
    }
  });
}
