// Inference workers and what they have published.

import {ago, compact, fullTime, integer, rate} from "./format.js";
import {LiveTable, textCell} from "./table.js";

class Workers extends HTMLElement {
  connectedCallback() {
    this.table = new LiveTable({
      label: "Inference workers",
      key: worker => worker.worker,
      empty: ["No worker has flushed yet", "Start one: sparsecast worker --model DIR"],
      columns: [
        {title: "Worker", cell: (td, row) => textCell(td, row.worker, null, "mono")},
        {title: "Tokens/s", numeric: true, tip: "Over the last ten seconds, by the time of the flush", cell: (td, row) => textCell(td, rate(row.tokens_per_second))},
        {title: "Tokens", numeric: true, cell: (td, row) => textCell(td, compact(row.tokens), integer(row.tokens))},
        {title: "Prompts", numeric: true, cell: (td, row) => textCell(td, compact(row.prompts))},
        {title: "Flushes", numeric: true, cell: (td, row) => textCell(td, integer(row.flushes))},
        {title: "Last flush", numeric: true, cell: (td, row, {now}) => textCell(td, ago(row.last_flush_at, now), fullTime(row.last_flush_at))},
      ],
    });
    this.append(this.table.element);
  }

  update(state) {
    this.table.update(state.profiling.workers, {now: state.at});
  }
}

customElements.define("sc-workers", Workers);
