// Recent links. The server records those of visitors who are signed in.
"use strict";

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
if (!signedIn && recentOnes().length) showRecent();

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
