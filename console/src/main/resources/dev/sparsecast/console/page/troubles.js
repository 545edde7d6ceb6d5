// Records that were set aside, and those that the console itself could not decode.

import {integer} from "./format.js";
import {LiveTable, textCell} from "./table.js";

class Troubles extends HTMLElement {
  connectedCallback() {
    this.table = new LiveTable({
      label: "Dead letters",
      key: row => `${row.what}/${row.topic}`,
      empty: ["No dead letters", "Every record could be processed."],
      columns: [
        {title: "Topic", cell: (td, row) => textCell(td, row.topic, null, "mono")},
        {title: "Records", numeric: true, cell: (td, row) => textCell(td, integer(row.records))},
        {title: "Last reason", wide: true, cell: (td, row) => textCell(td,
          (row.what === "undecodable" ? "not readable by the console: " : "") + (row.last_reason || "no reason given"))},
      ],
    });
    this.append(this.table.element);
  }

  update(state) {
    this.table.update([
      ...state.dead_letters.map(row => ({...row, what: "dead"})),
      ...state.feed.undecodable.map(row => ({...row, what: "undecodable"})),
    ]);
  }
}

customElements.define("sc-troubles", Troubles);
