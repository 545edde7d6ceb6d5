// Drift of the chosen group over time: effect, threshold, noise floor, and the releases as vertical lines.

import uPlot from "./uplot.js";
import {h, token} from "./dom.js";
import {clockTime, decimal} from "./format.js";
import {hideTip, showTip} from "./tooltip.js";

const HEIGHT = 280;

class Drift extends HTMLElement {
  connectedCallback() {
    this.plotBox = h("div", {class: "plot", role: "img", "aria-label": "Drift over time"});
    this.empty = h("div", {class: "empty plot-empty"});
    this.key = h("div", {class: "line-key"},
      h("span", {"data-line": "effect"}, "effect"),
      h("span", {"data-line": "threshold"}, "threshold"),
      h("span", {"data-line": "noise"}, "noise floor"),
      h("span", {"data-line": "release"}, "release"));
    this.append(h("div", {class: "plot-frame"}, this.plotBox, this.empty), this.key);
    new ResizeObserver(() => this.plot && this.plot.setSize({width: this.plotBox.clientWidth, height: HEIGHT})).observe(this.plotBox);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.plot?.destroy();
      this.plot = null;
      this.shown = null;
      if (this.last) {
        this.update(...this.last);
      }
    });
  }

  update(state, group, detail) {
    this.last = [state, group, detail];
    const history = detail ? detail.drift_history : [];
    this.releases = group ? state.releases.filter(release => release.model === group.model
      && release.mixture.includes(`${group.language}/${group.domain}`)) : [];
    this.empty.hidden = history.length > 0;
    this.plotBox.classList.toggle("blank", history.length === 0);
    this.key.hidden = history.length === 0;
    this.empty.replaceChildren(
      h("strong", {}, group ? "No drift report of this group yet" : "No group yet"),
      h("span", {}, "Drift is measured once a release is there to compare with."));
    const signature = `${detail?.key} ${detail?.revision} ${this.releases.length}`;
    if (signature === this.shown) {
      return;
    }
    this.shown = signature;
    this.history = history;
    const data = [
      history.map(point => Date.parse(point.at) / 1000),
      history.map(point => point.effect),
      history.map(point => point.threshold),
      history.map(point => point.noise_floor),
    ];
    if (this.plot) {
      this.plot.setData(data);
    } else {
      this.plot = new uPlot(this.#options(), data, this.plotBox);
    }
    const last = history.at(-1);
    this.plotBox.setAttribute("aria-label", last
      ? `Drift over time: effect ${decimal(last.effect, 3)}, threshold ${decimal(last.threshold, 3)}, ${last.state}` : "No drift yet");
  }

  #options() {
    const axis = {stroke: token("--muted"), grid: {stroke: token("--grid"), width: 1}, ticks: {show: false}, font: token("--chart-font")};
    return {
      width: Math.max(100, this.plotBox.clientWidth),
      height: HEIGHT,
      padding: [16, 14, 0, 0],
      legend: {show: false},
      cursor: {y: false, drag: {x: false, y: false}, points: {size: 7}},
      scales: {
        x: {time: true, range: (plot, low, high) => low === null ? [0, 1] : low === high ? [low - 30, high + 30] : [low, high]},
        y: {range: (plot, low, high) => [0, high === null ? 1 : high * 1.15]},
      },
      axes: [
        {...axis, size: 30, values: (plot, ticks) => ticks.map(tick => clockTime(tick * 1000)), space: 80},
        {...axis, size: 52, values: (plot, ticks) => ticks.map(tick => tick.toFixed(ticks[1] - ticks[0] < 0.01 ? 3 : 2))},
      ],
      series: [
        {},
        {label: "effect", stroke: token("--accent"), width: 2, points: {show: true, size: 5, fill: token("--accent")}},
        {label: "threshold", stroke: token("--bad"), width: 1.5, dash: [7, 5], points: {show: false}},
        {label: "noise floor", stroke: token("--muted"), width: 1, dash: [2, 4], points: {show: false}},
      ],
      hooks: {setCursor: [plot => this.#tip(plot)], draw: [plot => this.#drawReleases(plot)]},
    };
  }

  #drawReleases(plot) {
    const {ctx: context, bbox: box} = plot;
    const ratio = window.devicePixelRatio || 1;
    context.save();
    context.strokeStyle = token("--good");
    context.fillStyle = token("--good");
    context.lineWidth = ratio;
    context.setLineDash([]);
    context.textAlign = "left";
    context.font = `${10.5 * ratio}px ${token("--font")}`;
    for (const release of this.releases) {
      const x = plot.valToPos(Date.parse(release.released_at) / 1000, "x", true);
      if (x < box.left || x > box.left + box.width) {
        continue;
      }
      context.beginPath();
      context.moveTo(x, box.top);
      context.lineTo(x, box.top + box.height);
      context.stroke();
      const text = `v${release.version}`;
      const width = context.measureText(text).width;
      context.fillText(text, Math.min(x + 3 * ratio, box.left + box.width - width), box.top + 10 * ratio);
    }
    context.restore();
  }

  #tip(plot) {
    const index = plot.cursor.idx;
    const point = index === null || index === undefined ? null : this.history[index];
    if (!point || plot.cursor.left < 0) {
      hideTip();
      return;
    }
    const {left, top} = plot.over.getBoundingClientRect();
    showTip(left + plot.cursor.left, top + 20, [
      `${clockTime(point.at)}  epoch ${point.epoch}`,
      point.state,
      `effect ${decimal(point.effect, 4)}`,
      `threshold ${decimal(point.threshold, 4)}`,
      `noise floor ${decimal(point.noise_floor, 4)}`,
    ].join("\n"));
  }
}

customElements.define("sc-drift", Drift);
