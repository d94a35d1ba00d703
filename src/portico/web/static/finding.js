// Finding links by typed letters, by the rules of domain/links/link_finder.py.
"use strict";

const PLAIN = { ß: "ss", ς: "σ", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ı: "i" };
const NEAR_ENOUGH = 0.3;

function letters(text) {
  let folded = "";
  const places = [];
  let place = 0;
  for (const character of text) {
    for (const part of character.normalize("NFD").toLowerCase()) {
      if (/\p{Mn}/u.test(part)) continue;
      const plain = PLAIN[part] ?? part;
      for (let unit = 0; unit < plain.length; unit += 1) places.push(place);
      folded += plain;
    }
    place += character.length;
  }
  places.push(place);
  return { text: folded, places };
}

const isWord = (character) => /[\p{L}\p{N}]/u.test(character);

function best(text, needle) {
  const first = text.indexOf(needle);
  let place = first;
  while (place > 0 && isWord(text[place - 1])) place = text.indexOf(needle, place + 1);
  return place >= 0 ? [place, true] : [first, false];
}

function rank(needle, [name, ...others]) {
  if (name.text.startsWith(needle)) return 0;
  const [place, startsWord] = best(name.text, needle);
  if (place >= 0) return startsWord ? 1 : 2;
  const index = others.findIndex(({ text }) => text.includes(needle));
  return index < 0 ? -1 : index < others.length - 1 ? 3 : 4;
}

function spans(needles, { text, places }) {
  const found = [];
  for (const needle of needles) {
    const [place] = best(text, needle);
    if (place < 0) continue;
    const end = place + needle.length;
    found.push([places[place], Math.max(places[end], places[end - 1] + 1)]);
  }
  found.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  let done = 0;
  return found.filter(([start, end]) => {
    const apart = start >= done;
    if (apart) done = end;
    return apart;
  });
}

/** Links as `prepare` makes them; answers [{index, place, needles}], the best first. */
function findLinks(query, links) {
  const words = letters(query.slice(0, 200)).text.split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  links.forEach((link, index) => {
    let needles = [words.join(" ")];
    let place = rank(needles[0], link);
    if (place < 0 && words.length > 1) {
      needles = words;
      const places = words.map((word) => rank(word, link));
      place = places.includes(-1) ? -1 : Math.max(...places);
    }
    if (place >= 0) found.push({ index, place, needles });
  });
  return found.sort((one, other) => one.place - other.place || one.index - other.index);
}

/** The texts of a link, its name first and its address last. */
const prepare = (texts) => texts.map(letters);

function pairs(text) {
  const all = new Set();
  const characters = [...text];
  for (let place = 1; place < characters.length; place += 1) {
    all.add(characters[place - 1] + characters[place]);
  }
  return all;
}

function nearestLink(query, names) {
  const wanted = pairs(letters(query.slice(0, 200)).text.split(/\s+/).filter(Boolean).join(" "));
  let closest = NEAR_ENOUGH;
  let nearest = -1;
  names.forEach((name, index) => {
    const folded = letters(name).text;
    for (const part of [folded, ...folded.split(/\s+/)]) {
      const own = pairs(part);
      if (!own.size || !wanted.size) continue;
      const common = [...own].filter((pair) => wanted.has(pair)).length;
      const closeness = (2 * common) / (own.size + wanted.size);
      if (closeness > closest) [closest, nearest] = [closeness, index];
    }
  });
  return nearest;
}
