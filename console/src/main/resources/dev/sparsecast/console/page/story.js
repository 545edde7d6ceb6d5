// What happened, newest first.

import {h, setText} from "./dom.js";
import {ago, clockTime, fullTime} from "./format.js";

const SIGNS = {release: "◼", deployment: "✓", drift: "▲", trouble: "✕"};

class Story extends HTMLElement {
  connectedCallback() {
    this.list = h("ol", {class: "story", tabindex: "0", "aria-label": "Events, newest first"});
    this.empty = h("div", {class: "empty"}, h("strong", {}, "Nothing happened yet"),
      h("span", {}, "Releases, deployments and changes of drift will stand here."));
    this.append(this.list, this.empty);
    this.items = new Map();
  }

  update(state) {
    this.list.hidden = state.events.length === 0;
    this.empty.hidden = state.events.length > 0;
    const seen = new Set();
    let previous = null;
    for (const event of state.events) {
      const key = `${event.at} ${event.kind} ${event.subject} ${event.text}`;
      seen.add(key);
      let item = this.items.get(key);
      if (!item) {
        item = h("li", {"data-kind": event.kind},
          h("span", {class: "sign", "aria-hidden": "true"}, SIGNS[event.kind] ?? "●"),
          h("div", {class: "story-text"}, h("strong", {}, event.subject), " ", h("span", {}, event.text)),
          h("time", {datetime: event.at, "data-tip": `${clockTime(event.at)}\n${fullTime(event.at)}`}));
        this.items.set(key, item);
      }
      setText(item.lastElementChild, ago(event.at, state.at));
      const next = previous ? previous.nextSibling : this.list.firstChild;
      if (next !== item) {
        this.list.insertBefore(item, next);
      }
      previous = item;
    }
    for (const [key, item] of this.items) {
      if (!seen.has(key)) {
        item.remove();
        this.items.delete(key);
      }
    }
  }
}

customElements.define("sc-story", Story);
