// A table that is updated in place: rows keep their elements as long as their keys stay.

import {h, setAttribute, setText} from "./dom.js";

/**
 * columns: [{title, tip, numeric, wide, cell(td, row, context)}]; cell changes the element to show the row.
 * label names the table for screen readers; empty is shown while there is no row.
 */
export class LiveTable {
  constructor({label, columns, key, empty, select}) {
    this.columns = columns;
    this.key = key;
    this.select = select;
    this.rows = new Map();
    this.body = h("tbody");
    this.table = h("table", {}, h("caption", {class: "hidden-visually"}, label), h("thead", {}, h("tr", {},
      ...columns.map(column => h("th", {scope: "col", class: column.numeric ? "number" : null},
        column.tip ? h("span", {class: "hint", "data-tip": column.tip, tabindex: "0"}, column.title) : column.title)))),
      this.body);
    this.empty = h("div", {class: "empty"}, h("strong", {}, empty[0]), h("span", {}, empty[1]));
    this.scroll = h("div", {class: "scroll", role: "region", "aria-label": label, tabindex: "0"}, this.table);
    this.element = h("div", {class: "table"}, this.scroll, this.empty);
  }

  update(rows, context = {}) {
    this.scroll.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    const seen = new Set();
    let previous = null;
    for (const row of rows) {
      const key = this.key(row);
      seen.add(key);
      const element = this.rows.get(key) ?? this.#add(key);
      this.columns.forEach((column, index) => column.cell(element.cells[index], row, context));
      if (this.select) {
        setAttribute(element, "aria-selected", String(context.selected === key));
      }
      const next = previous ? previous.nextSibling : this.body.firstChild;
      if (next !== element) {
        this.body.insertBefore(element, next);
      }
      previous = element;
    }
    for (const [key, element] of this.rows) {
      if (!seen.has(key)) {
        element.remove();
        this.rows.delete(key);
      }
    }
  }

  #add(key) {
    const element = h("tr", {class: "entering"}, ...this.columns.map(column =>
      h("td", {class: [column.numeric ? "number" : "", column.wide ? "wide-cell" : ""].join(" ").trim() || null})));
    if (this.select) {
      element.classList.add("selectable");
      element.addEventListener("click", () => this.select(key));
    }
    this.rows.set(key, element);
    return element;
  }
}

/** Text with an optional tooltip; one with a tooltip can be reached by keyboard. */
export function textCell(td, text, tip = null, extra = null) {
  const span = td.firstElementChild ?? td.appendChild(h("span"));
  setText(span, text);
  setAttribute(span, "data-tip", tip);
  setAttribute(span, "tabindex", tip ? "0" : null);
  setAttribute(span, "class", extra);
}

/** Two lines: what, and a muted detail below. */
export function stackedCell(td, first, second, color = null) {
  if (!td.firstElementChild) {
    td.append(h("div", {class: "stacked"}, h("span", {class: "first"}), h("span", {class: "second"})));
  }
  const [one, two] = td.firstElementChild.children;
  setText(one, first);
  setText(two, second);
  if (color) {
    setAttribute(td.firstElementChild, "data-chip", "yes");
    td.firstElementChild.style.setProperty("--chip", color);
  }
}

const ICONS = {
  stable: "●", learning: "○", drifting: "▲", drifted: "◆",
  deployed: "✓", refused: "✕", rolled_back: "↩", unknown: "?",
  complete: "✓", partial: "◐",
};

/** A state in words, with a sign and a colour of its own. */
export function badgeCell(td, state, text, tip = null) {
  const badge = td.firstElementChild ?? td.appendChild(h("span", {class: "badge"},
    h("span", {class: "sign", "aria-hidden": "true"}), h("span")));
  setAttribute(badge, "data-state", state);
  setAttribute(badge, "data-tip", tip);
  setAttribute(badge, "tabindex", tip ? "0" : null);
  setText(badge.firstElementChild, ICONS[state] ?? "●");
  setText(badge.lastElementChild, text);
}
