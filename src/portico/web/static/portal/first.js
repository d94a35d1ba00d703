// What must not move the page while it is drawn: this script runs at once, in the head. The others of
// this folder follow when the page is whole. The page works without them.
"use strict";

const root = document.documentElement;
const { base, portal } = root.dataset;
const signedIn = "user" in root.dataset;

const kept = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`portico.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`portico.${name}`, JSON.stringify(value));
    } catch {
      // Storage is off or full: the page works, it only forgets.
    }
  },
};
// Ids are texts: they have more digits than a number of this language keeps.
const listOf = (value) => (Array.isArray(value) ? value : []);
const favouriteIds = () =>
  listOf(kept.get(`favourites.${portal}`)).filter((id) => typeof id === "string");
const recentOnes = () =>
  listOf(kept.get(`recent.${portal}`)).filter((each) => typeof each?.id === "string");

root.classList.add("js");
root.classList.toggle("keys", kept.get("keys", true));
if (root.dataset.notice && kept.get(`notice.${portal}`) === root.dataset.notice) {
  root.classList.add("notice-hidden");
}
if (!signedIn) {
  // Room for these rows is kept from the first paint on; they are filled once the tiles are there.
  root.classList.toggle("has-favourites", favouriteIds().length > 0);
  root.classList.toggle("has-recent", recentOnes().length > 0);
}
