// Finding links by typed letters, by the rules of domain/finding.py.
"use strict";

const PLAIN = { ß: "ss", ς: "σ", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ı: "i" };
const SIMILAR_LETTERS = 40;
const COMPARED_WORDS = 16;
const MOST_EDITS = 3;

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

/** The words of a query, as they are compared. */
const wordsOf = (query) => letters(query.slice(0, 200)).text.split(/\s+/).filter(Boolean);

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
  return index < 0 ? -1 : 3 + index;
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
  const words = wordsOf(query);
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

/** The texts of a link: its name, keywords, description and address. */
const prepare = (texts) => texts.map(letters);

/** The characters of a text from the beginning of each of its words on. */
function beginnings({ text }) {
  const characters = [...text];
  const starts = [];
  characters.forEach((each, place) => {
    if (isWord(each) && !(place && isWord(characters[place - 1]))) starts.push(place);
  });
  return starts.slice(0, COMPARED_WORDS).map((start) => [characters.slice(start), start]);
}

/** The fewest edits after which the text starts with the query; more than `most` are not counted. */
function edits(query, text, most) {
  let earlier;
  let last = [0, ...text.map((_, place) => place + 2)];
  for (let row = 0; row < query.length; row += 1) {
    const cost = row ? 1 : 2;
    const current = [last[0] + cost];
    for (let column = 0; column < text.length; column += 1) {
      const same = query[row] === text[column];
      let fewest = Math.min(
        last[column] + (same ? 0 : cost),
        last[column + 1] + cost,
        current[column] + 1,
      );
      const swapped = query[row] === text[column - 1] && query[row - 1] === text[column];
      if (earlier && column && swapped) fewest = Math.min(fewest, earlier[column - 1] + 1);
      current.push(fewest);
    }
    if (Math.min(...current) > most) return Infinity;
    [earlier, last] = [last, current];
  }
  return Math.min(...last);
}

/** The index of the link with the most similar name or keyword, -1 for none. Links are prepared. */
function nearestLink(query, links) {
  const wanted = [...wordsOf(query).join(" ")];
  const { length } = wanted;
  if (length < 4 || length > SIMILAR_LETTERS) return -1;
  let most = Math.min(MOST_EDITS, Math.floor(length / 3));
  let nearest = -1;
  let best = Infinity;
  links.forEach(([name, keywords], index) => {
    const compare = ([characters], place) => {
      const allowed = place < best ? most : most - 1;
      if (!allowed) return;
      const found = edits(wanted, characters.slice(0, length + allowed), allowed);
      if (found <= allowed) [nearest, most, best] = [index, found, place];
    };
    for (const each of beginnings(name)) compare(each, each[1] ? 1 : 0);
    for (const each of beginnings(keywords)) compare(each, 3);
  });
  return nearest;
}
