// A page that was opened as a file must not read other pages, so a search shows titles alone there.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
// Code that is wider than the page can be scrolled with the keyboard.
for (const code of document.querySelectorAll("pre")) {
  code.tabIndex = 0;
}
// Furo's two side columns have the same role, and no names to tell them apart.
document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
