// When links were opened, and the day where the reader is.
"use strict";

// The words of web/languages.py, so that nothing changes its width when these take their place.
const capital = (words) => words[0].toLocaleUpperCase(language) + words.slice(1);
const inDays = (moment, style) =>
  moment.toLocaleDateString(language === "en" ? "en-GB" : language, style);
const dayAndMonth = (moment) => inDays(moment, { day: "numeric", month: "long" });

function ago(time) {
  const now = new Date();
  const then = new Date(time * 1000);
  const minutes = Math.floor((now - then) / 60000);
  if (minutes < 1) return texts.now;
  if (minutes < 60) return fill(texts.minutes, minutes);
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(then)) / 86400000);
  if (days < 2) {
    return capital(new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day"));
  }
  return days < 7 ? capital(inDays(then, { weekday: "short" })) : dayAndMonth(then);
}

for (const each of document.querySelectorAll("[data-time]")) {
  each.textContent = ago(Number(each.dataset.time));
}

{
  // The day where the reader is, when it is not the server's
  const today = new Date();
  const day = byId("day");
  if (Number(day.dataset.day) !== today.getDate()) {
    day.firstElementChild.textContent = capital(inDays(today, { weekday: "long" }));
    day.lastElementChild.textContent = dayAndMonth(today);
  }
}
