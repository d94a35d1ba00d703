// The portal's menu: theme, language, single keys. portal.js, which comes first, keeps what it needs.
"use strict";

function startMenu(menu) {
  const keys = document.getElementById("keys");
  const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

  const showKeys = () => {
    const on = root.classList.contains("keys");
    const value = keys.lastElementChild;
    keys.setAttribute("aria-pressed", String(on));
    value.textContent = on ? value.dataset.on : value.dataset.off;
  };
  keys.addEventListener("click", () => {
    kept.set("keys", root.classList.toggle("keys"));
    showKeys();
  });
  showKeys();

  for (const button of menu.querySelectorAll(".themes button")) {
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      root.dataset.theme = button.value;
      for (const each of menu.querySelectorAll(".themes button")) {
        each.setAttribute("aria-pressed", String(each === button));
      }
      await fetch(button.form.action, {
        method: "POST",
        headers: { "X-CSRF-Token": csrf, "X-Requested-With": "fetch" },
        body: new URLSearchParams({ theme: button.value }),
      }).catch(() => null);
    });
  }
  const language = document.getElementById("language");
  language.addEventListener("change", () => language.form.submit());

  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.firstElementChild.focus();
  });
}

if (document.getElementById("menu")) startMenu(document.getElementById("menu"));
