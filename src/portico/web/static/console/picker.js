// Pickers: check boxes, or a select, become a searchable combobox. The boxes and the select stay what is sent. A typed
// text chooses nothing by itself: it finds entries, and an entry of its own creates a new one.
"use strict";

{
  const SHOWN = 100;
  const pickers = new Set();
  const plain = (text) => text.trim().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const composed = (text) => text.trim().normalize("NFC").toLowerCase();
  const same = (left, right) => composed(left) === composed(right);

  function element(tag, properties, attributes = {}) {
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  // How well a name matches a typed text: 0 best, NaN not at all.
  function rank(name, text) {
    const place = plain(name).indexOf(text);
    if (place < 0) return NaN;
    if (place === 0) return 0;
    return /[\p{L}\p{N}]/u.test(plain(name)[place - 1]) ? 2 : 1;
  }

  class Picker {
    here = -1;

    constructor(set) {
      this.set = set;
      this.words = set.dataset;
      this.select = one("select", set);
      this.source = this.select ?? one(".choices", set);
      this.added = one("[data-picker-new]", set);
      this.missing = one("[data-picker-missing]", set);
      this.build();
      this.listen();
      this.draw();
    }

    get many() {
      return !this.select;
    }
    get choices() {
      if (this.many) return all("input[type=checkbox]", this.source);
      return [...this.select.options].filter((each) => each.value);
    }
    get created() {
      const text = this.added?.value ?? "";
      return (this.many ? text.split(",") : [text]).map((each) => each.trim()).filter(Boolean);
    }
    get chosen() {
      return this.choices.filter((each) => (this.many ? each.checked : each.selected));
    }
    // The text of a picker of one entry while nobody types.
    get settled() {
      return this.many
        ? ""
        : (this.created[0] ?? this.chosen.map((each) => this.nameOf(each))[0] ?? "");
    }
    get pending() {
      return !same(this.input.value, this.settled);
    }
    nameOf(choice) {
      return (this.many ? choice.closest("label") : choice).textContent.trim();
    }

    build() {
      const { picker: name, add } = this.words;
      const label = one("label, legend", this.set).firstChild.textContent.trim();
      const empty = this.select && [...this.select.options].find((each) => !each.value);
      this.options = element(
        "ul",
        { className: "options", id: `${name}-options`, hidden: true },
        { role: "listbox", "aria-label": label },
      );
      this.input = element(
        "input",
        {
          type: "text",
          id: name,
          placeholder: empty ? empty.textContent : add,
          autocomplete: "off",
        },
        {
          role: "combobox",
          "aria-expanded": "false",
          "aria-controls": this.options.id,
          "aria-autocomplete": "list",
        },
      );
      if (this.many) this.input.setAttribute("aria-label", add);
      for (const each of ["aria-invalid", "aria-describedby"]) {
        if (this.source.hasAttribute(each))
          this.input.setAttribute(each, this.source.getAttribute(each));
      }
      this.described = this.input.getAttribute("aria-describedby");
      if (this.source.id) this.source.id = `${name}-source`;
      this.box = element("div", {
        className: this.many ? "picker" : "form-select picker picker-one",
      });
      const around = element("div", { className: "picker-box" });
      this.box.append(this.input);
      around.append(this.box, this.options);
      this.source.hidden = true;
      if (this.added) this.added.hidden = true;
      this.source.after(around);
      this.input.hidden = Boolean(this.set.closest("fieldset:disabled"));
    }

    listen() {
      const { input, box } = this;
      input.addEventListener("input", (event) => {
        event.stopPropagation();
        this.accept();
        this.open();
      });
      input.addEventListener("change", (event) => event.stopPropagation());
      input.addEventListener("keydown", (event) => this.key(event));
      input.addEventListener("blur", () => this.leave());
      input.addEventListener("click", () => {
        if (!this.many) input.select();
        this.open();
      });
      box.addEventListener("click", (event) => {
        if (event.target === box) {
          input.focus();
          this.open();
        }
      });
      this.options.addEventListener("mousedown", (event) => event.preventDefault());
      this.options.addEventListener("click", (event) =>
        event.target.closest("[role=option]")?.take?.(),
      );
    }

    // Chips of what is chosen; a picker of one entry shows it as its text.
    draw() {
      const chips = this.many
        ? this.chosen.map((each) =>
            this.chip(this.nameOf(each), false, () => {
              each.checked = false;
              this.changed(each);
            }),
          )
        : [];
      if (this.many) {
        for (const name of this.created)
          chips.push(
            this.chip(name, true, () => {
              this.added.value = this.created.filter((each) => each !== name).join(", ");
              this.changed(this.added);
            }),
          );
      } else if (this.created.length) {
        chips.push(element("span", { className: "chip new", textContent: this.words.new }));
      }
      // The input stays where it is, with the focus.
      for (const each of all(".chip", this.box)) each.remove();
      if (this.many) this.input.before(...chips);
      else this.input.after(...chips);
      this.input.value = this.settled;
      const count = one("[data-picked]", this.set);
      if (count) count.textContent = this.chosen.length;
    }
    chip(name, isNew, drop) {
      const chip = element("span", { className: "chip" });
      const button = element(
        "button",
        { type: "button", textContent: "×" },
        { "aria-label": filled(this.words.remove, name) },
      );
      button.addEventListener("click", () => {
        drop();
        this.input.focus();
      });
      chip.append(element("bdi", { className: "cut", textContent: name }));
      if (isNew) chip.append(element("small", { textContent: this.words.new }));
      chip.append(button);
      return chip;
    }

    open() {
      const text = this.pending ? plain(this.input.value) : "";
      const matches = this.choices
        .filter((each) => !this.many || !each.checked)
        .map((choice) => ({ choice, rank: rank(this.nameOf(choice), text) }))
        .filter((each) => !Number.isNaN(each.rank))
        .sort((left, right) => left.rank - right.rank);
      const entries = matches
        .slice(0, SHOWN)
        .map(({ choice }) => this.entry(this.nameOf(choice), () => this.take(choice)));
      if (!this.many && !text)
        entries.unshift(this.entry(this.input.placeholder, () => this.take(null)));
      if (matches.length > SHOWN)
        entries.push(
          element(
            "li",
            { textContent: filled(this.words.more, matches.length - SHOWN) },
            { role: "option", "aria-disabled": "true" },
          ),
        );
      const creation = text && this.creation();
      if (creation) entries.push(creation);
      this.options.replaceChildren(...entries);
      this.options.hidden = !entries.length;
      this.input.setAttribute("aria-expanded", String(!this.options.hidden));
      const current = text
        ? matches.length
          ? 0
          : -1
        : entries.findIndex(
            (each) => !this.many && each.textContent === (this.settled || this.input.placeholder),
          );
      this.mark(current);
    }
    creation() {
      const name = this.many
        ? this.input.value.replaceAll(",", " ").trim()
        : this.input.value.trim();
      const known = [...this.choices.map((each) => this.nameOf(each)), ...this.created];
      if (!this.added || !name || known.some((each) => same(each, name))) return null;
      const entry = this.entry(filled(this.words.create, name), () => this.create(name));
      entry.classList.add("create");
      return entry;
    }
    entry(words, take) {
      const entry = element(
        "li",
        {
          textContent: words,
          id: `${this.options.id}-${Math.random().toString(36).slice(2)}`,
          dir: "auto",
        },
        { role: "option" },
      );
      entry.take = take;
      return entry;
    }
    mark(position) {
      this.here = position;
      for (const [index, each] of [...this.options.children].entries()) {
        each.setAttribute("aria-selected", String(index === position));
      }
      this.input.setAttribute("aria-activedescendant", this.options.children[position]?.id ?? "");
      this.options.children[position]?.scrollIntoView({ block: "nearest" });
    }
    shut() {
      this.options.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.mark(-1);
    }

    take(choice) {
      if (this.many) choice.checked = true;
      else {
        this.select.value = choice?.value ?? "";
        if (this.added) this.added.value = "";
      }
      this.changed(this.many ? choice : this.select);
    }
    create(name) {
      if (this.many) this.added.value = [...this.created, name].join(", ");
      else {
        this.select.value = "";
        this.added.value = name;
      }
      this.changed(this.added);
    }
    changed(control) {
      this.draw();
      this.accept();
      this.shut();
      for (const kind of ["input", "change"])
        control.dispatchEvent(new Event(kind, { bubbles: true }));
    }

    key(event) {
      const count = this.options.children.length;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (this.options.hidden) this.open();
        else if (count)
          this.mark(this.here < 0 && step < 0 ? count - 1 : (this.here + step + count) % count);
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!this.options.hidden && this.here >= 0) this.options.children[this.here].take?.();
        else if (this.pending) this.refuse();
      } else if (event.key === "Escape" && (this.pending || !this.options.hidden)) {
        event.preventDefault();
        event.stopPropagation();
        if (this.options.hidden) this.input.value = this.settled;
        this.accept();
        this.shut();
      } else if (event.key === "Backspace" && this.many && !this.input.value)
        one(".chip:last-of-type button", this.box)?.click();
    }
    // A text that is an entry chooses it, an empty one no entry; any other waits with the reason below.
    leave() {
      this.shut();
      if (!this.pending) return;
      const exact = this.choices.find((each) => same(this.nameOf(each), this.input.value));
      if (exact) this.take(exact);
      else if (!this.input.value.trim()) this.take(null);
      else if (this.created.some((each) => same(each, this.input.value))) this.draw();
      else this.refuse();
    }
    refuse() {
      const words = filled(this.words.missing, this.input.value.trim());
      one("span", this.missing).textContent = words;
      this.missing.hidden = false;
      this.input.setAttribute("aria-invalid", "true");
      this.input.setAttribute("aria-describedby", this.missing.id);
      say(words);
    }
    accept() {
      if (this.missing.hidden) return;
      this.missing.hidden = true;
      this.input.removeAttribute("aria-invalid");
      if (this.described) this.input.setAttribute("aria-describedby", this.described);
      else this.input.removeAttribute("aria-describedby");
    }
  }

  function makePickers() {
    for (const each of pickers) if (!each.set.isConnected) pickers.delete(each);
    for (const set of all("[data-picker]:not([data-made])")) {
      const select = one("select", set);
      if (select && set.closest("fieldset:disabled")) continue;
      set.dataset.made = "";
      pickers.add(new Picker(set));
    }
  }

  // A form with a text that chose nothing is not sent: what somebody typed would be lost without a word.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.submitter?.formNoValidate) return;
      for (const each of pickers) {
        if (!event.target.contains(each.input)) continue;
        each.leave();
        if (!each.pending) continue;
        event.preventDefault();
        event.stopPropagation();
        each.input.focus();
        return;
      }
    },
    true,
  );
  document.addEventListener("htmx:afterSettle", makePickers);
  makePickers();
}
