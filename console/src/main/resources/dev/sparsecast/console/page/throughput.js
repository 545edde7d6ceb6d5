// Prompts per second by language: a stacked area chart, with a legend that is a table.

import uPlot from "./uplot.js";
import {h, segments, token} from "./dom.js";
import {clockTime, compact, integer, percent, rate} from "./format.js";
import {languageColor, translucent} from "./palette.js";
import {stackedCell, textCell, LiveTable} from "./table.js";
import {hideTip, showTip} from "./tooltip.js";

const HEIGHT = 230;

class Throughput extends HTMLElement {
  connectedCallback() {
    this.minutes = 5;
    this.plotBox = h("div", {class: "plot", role: "img"});
    this.empty = h("div", {class: "empty plot-empty"}, h("strong", {}, "No prompts in this time"),
      h("span", {}, "Send some: sparsecast produce --jsonl FILE"));
    this.legend = new LiveTable({
      label: "Prompts by language",
      key: language => language.language,
      empty: ["No language yet", "Languages appear with their first prompt."],
      columns: [
        {title: "Language", cell: (td, row) => {
          stackedCell(td, row.language, "", languageColor(row.language));
        }},
        {title: "Prompts/s", numeric: true, tip: "Over the last ten seconds", cell: (td, row) => textCell(td, rate(row.per_second))},
        {title: "Prompts", numeric: true, cell: (td, row) => textCell(td, compact(row.prompts))},
        {title: "Held out", numeric: true, tip: "Never counted into statistics: the quality gate measures on them",
          cell: (td, row) => textCell(td, integer(row.held_out), `${percent(row.held_out / Math.max(1, row.prompts), 1)} of ${integer(row.prompts)}`)},
      ],
    });
    this.append(h("div", {class: "plot-frame"}, this.plotBox, this.empty), this.legend.element);
    segments(document.getElementById("range"), [[2, "2 min"], [5, "5 min"], [15, "15 min"]], this.minutes, minutes => {
      this.minutes = minutes;
      if (this.state) {
        this.update(this.state);
      }
    });
    new ResizeObserver(() => this.plot && this.plot.setSize({width: this.plotBox.clientWidth, height: HEIGHT})).observe(this.plotBox);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
  }

  #rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.drawn = "";
    if (this.state) {
      this.update(this.state);
    }
  }

  update(state) {
    this.state = state;
    const {languages, from, step} = state.traffic;
    this.legend.update(languages);
    const length = languages.length ? languages[0].series.length : 0;
    const first = Math.max(0, length - Math.round(this.minutes * 60 / step));
    const shown = languages.map(language => language.series.slice(first));
    const some = shown.some(series => series.some(value => value > 0));
    this.empty.hidden = some;
    this.plotBox.classList.toggle("blank", !some);
    const times = [];
    for (let index = first; index < length; index++) {
      times.push(from + index * step);
    }
    this.values = shown;
    this.names = languages.map(language => language.language);
    const total = languages.reduce((sum, language) => sum + language.per_second, 0);
    this.plotBox.setAttribute("aria-label", `Prompts per second by language, ${rate(total)} now`);
    // from the top of the stack to its bottom, so that each area is painted over by the one below it
    const stacked = shown.map(() => new Array(times.length).fill(0));
    for (let index = 0; index < times.length; index++) {
      let sum = 0;
      shown.forEach((series, language) => {
        sum += series[index];
        stacked[language][index] = sum;
      });
    }
    const data = [times, ...stacked.toReversed()];
    const drawn = this.names.join(" ");
    if (!this.plot || this.drawn !== drawn) {
      this.plot?.destroy();
      this.plot = new uPlot(this.#options(), data, this.plotBox);
      this.drawn = drawn;
    } else {
      this.plot.setData(data);
    }
  }

  #options() {
    const axis = {stroke: token("--muted"), grid: {stroke: token("--grid"), width: 1}, ticks: {show: false}, font: token("--chart-font")};
    return {
      width: Math.max(100, this.plotBox.clientWidth),
      height: HEIGHT,
      padding: [12, 12, 0, 0],
      legend: {show: false},
      cursor: {y: false, drag: {x: false, y: false}, points: {show: false}},
      scales: {x: {time: true}, y: {range: (plot, low, high) => [0, Math.max(1, high * 1.1)]}},
      axes: [
        {...axis, size: 30, values: (plot, ticks) => ticks.map(tick => clockTime(tick * 1000)), space: 90},
        {...axis, size: 46, values: (plot, ticks) => ticks.map(tick => `${tick}/s`)},
      ],
      series: [{}, ...this.names.map(name => ({
        label: name,
        stroke: languageColor(name),
        width: 1.25,
        fill: translucent(languageColor(name), 0.55),
        points: {show: false},
        paths: uPlot.paths.stepped({align: 1}),
      })).toReversed()],
      bands: this.names.slice(1).map((name, index) => ({series: [index + 1, index + 2]})),
      hooks: {setCursor: [plot => this.#tip(plot)]},
    };
  }

  #tip(plot) {
    const index = plot.cursor.idx;
    if (index === null || index === undefined || plot.cursor.left < 0) {
      hideTip();
      return;
    }
    const lines = this.names.map((name, language) => `${name}  ${rate(this.values[language][index])}/s`).toReversed();
    const {left, top} = plot.over.getBoundingClientRect();
    showTip(left + plot.cursor.left, top + 20, [clockTime(plot.data[0][index] * 1000), ...lines].join("\n"));
  }
}

customElements.define("sc-throughput", Throughput);
