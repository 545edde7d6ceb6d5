// Layers and taps of the chosen group: drift by layer and tap, or activation by layer and channels.

import {h, segments, setText, sizedContext, token} from "./dom.js";
import {decimal, integer, tapName, tapOrder} from "./format.js";
import {heatColor} from "./palette.js";
import {hideTip, showTip} from "./tooltip.js";

const LABELS = 30;
const FOOT = 20;
const GAP = 6;
const FRAME_PADDING = 22;

/** Blocks side by side, one a tap: {tap, columns, rows: [[value]], tip(row, column)}, values scaled by `highest`. */
function driftBlocks(detail) {
  const taps = [...new Set(detail.measurements.map(measurement => measurement.tap))].sort(tapOrder);
  const highest = Math.max(...detail.measurements.map(measurement => measurement.effect ?? 0), 1e-9);
  return taps.map(tap => {
    const byLayer = new Map(detail.measurements.filter(measurement => measurement.tap === tap)
      .map(measurement => [measurement.layer, measurement]));
    const rows = Array.from({length: detail.layers}, (unused, layer) => [byLayer.get(layer)?.effect ?? null]);
    return {tap, columns: 1, rows, highest, tip: layer => {
      const measurement = byLayer.get(layer);
      return measurement ? [`layer ${layer}, ${tapName(tap)}`, `effect ${decimal(measurement.effect, 4)}`,
        `noise floor ${decimal(measurement.noise_floor, 4)}`,
        `cosine distance ${decimal(measurement.cosine_distance, 5)}`].join("\n") : `layer ${layer}, ${tapName(tap)}\nnot measured`;
    }};
  });
}

function activityBlocks(detail) {
  return [...detail.activity].sort((left, right) => tapOrder(left.tap, right.tap)).map(({tap, channels, rms}) => {
    const columns = Math.max(1, ...rms.map(row => row.length));
    const highest = Math.max(...rms.flat(), 1e-12);
    return {tap, columns, rows: rms.map(row => row.length ? row : [null]), highest, tip: (layer, column) => {
      const value = rms[layer]?.[column];
      const from = Math.floor(column * channels / columns);
      const to = Math.floor((column + 1) * channels / columns) - 1;
      return value === undefined ? `layer ${layer}, ${tapName(tap)}\nnot seen yet`
        : `layer ${layer}, ${tapName(tap)}\nchannels ${from}–${to} of ${integer(channels)}\nroot mean square ${value.toPrecision(3)}`;
    }};
  });
}

class Heat extends HTMLElement {
  connectedCallback() {
    this.mode = "drift";
    this.canvas = h("canvas", {class: "heat", role: "img", tabindex: "0"});
    this.empty = h("div", {class: "empty plot-empty"}, h("strong", {}), h("span", {}));
    this.low = h("span", {}, "0");
    this.high = h("span");
    this.ramp = h("canvas", {class: "ramp", "aria-hidden": "true"});
    this.scale = h("div", {class: "scale"}, this.low, this.ramp, this.high);
    this.frame = h("div", {class: "plot-frame heat-frame"}, this.canvas, this.empty);
    this.append(this.frame, this.scale);
    segments(document.getElementById("heat-mode"), [["drift", "Drift"], ["activity", "Activation"]], this.mode, mode => {
      this.mode = mode;
      this.cursor = null;
      this.#draw();
    });
    new ResizeObserver(() => this.#draw()).observe(this.frame);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.canvas.addEventListener("pointermove", event => this.#point(event));
    this.canvas.addEventListener("pointerleave", () => this.#leave());
    this.canvas.addEventListener("blur", () => this.#leave());
    this.canvas.addEventListener("keydown", event => this.#key(event));
  }

  update(group, detail) {
    const signature = `${detail?.key} ${detail?.revision}`;
    if (signature !== this.shown) {
      this.shown = signature;
      this.detail = detail;
      this.#draw();
    }
  }

  #draw() {
    const detail = this.detail;
    setText(document.getElementById("heat-subtitle"), this.mode === "drift"
      ? "Effect by layer and tap, latest report"
      : "Root mean square by layer and channel");
    this.blocks = !detail ? [] : this.mode === "drift" ? driftBlocks(detail) : activityBlocks(detail);
    const some = this.blocks.length > 0 && detail.layers > 0;
    this.empty.hidden = some;
    this.canvas.hidden = !some;
    this.scale.hidden = !some;
    setText(this.empty.firstElementChild, this.mode === "drift" ? "No drift by layer yet" : "No statistics yet");
    setText(this.empty.lastElementChild, this.mode === "drift"
      ? "The map fills with the first drift report." : "The map fills with the first closed epoch.");
    if (some) {
      this.#paint(detail.layers);
    }
  }

  #paint(layers) {
    const width = this.frame.clientWidth - FRAME_PADDING;
    const height = Math.min(520, Math.max(252, layers * 9 + FOOT));
    const context = sizedContext(this.canvas, width, height);
    const cellHeight = (height - FOOT) / layers;
    const blockWidth = (width - LABELS - GAP * (this.blocks.length - 1)) / this.blocks.length;
    this.geometry = {layers, cellHeight, blockWidth, height};
    context.font = token("--chart-font");
    context.fillStyle = token("--muted");
    context.textBaseline = "middle";
    context.textAlign = "right";
    const every = Math.ceil(14 / cellHeight);
    for (let layer = 0; layer < layers; layer += every) {
      context.fillText(String(layer), LABELS - 8, (layer + 0.5) * cellHeight);
    }
    context.textAlign = "center";
    this.blocks.forEach((block, index) => {
      const left = LABELS + index * (blockWidth + GAP);
      block.rows.forEach((row, layer) => {
        const cellWidth = blockWidth / row.length;
        row.forEach((value, column) => {
          context.fillStyle = value === null ? token("--grid") : heatColor(value / block.highest);
          const inset = cellHeight > 12 ? 0.75 : 0;
          context.fillRect(left + column * cellWidth, layer * cellHeight + inset,
            cellWidth + (row.length > 1 ? 0.4 : 0), cellHeight - 2 * inset);
        });
      });
      context.fillStyle = token("--muted");
      context.fillText(tapName(block.tap), left + blockWidth / 2, height - FOOT / 2 + 3, blockWidth);
    });
    this.#paintCursor(context);
    this.#paintScale();
    const highest = this.blocks.reduce((most, block) => block.highest > most.highest ? block : most);
    this.canvas.setAttribute("aria-label", this.mode === "drift"
      ? `Drift by layer and tap, highest ${decimal(highest.highest, 3)} in ${tapName(highest.tap)}; arrow keys read cells`
      : "Activation by layer and channels; arrow keys read cells");
  }

  #paintCursor(context) {
    if (!this.cursor) {
      return;
    }
    const {x, y, width, height} = this.#cell(this.cursor);
    context.strokeStyle = token("--text");
    context.lineWidth = 2;
    context.strokeRect(x + 1, y + 1, width - 2, height - 2);
  }

  #paintScale() {
    const context = sizedContext(this.ramp, 120, 10);
    for (let x = 0; x < 120; x++) {
      context.fillStyle = heatColor(x / 119);
      context.fillRect(x, 0, 1.5, 10);
    }
    setText(this.high, this.mode === "drift" ? decimal(this.blocks[0].highest, 3) : "highest of each tap");
  }

  #cell({block, layer, column}) {
    const {cellHeight, blockWidth} = this.geometry;
    const width = blockWidth / this.blocks[block].columns;
    return {x: LABELS + block * (blockWidth + GAP) + column * width, y: layer * cellHeight, width, height: cellHeight};
  }

  #point(event) {
    if (!this.geometry || this.blocks.length === 0) {
      return;
    }
    const {left, top} = this.canvas.getBoundingClientRect();
    const {cellHeight, blockWidth, layers} = this.geometry;
    const x = event.clientX - left - LABELS;
    const layer = Math.floor((event.clientY - top) / cellHeight);
    const block = Math.floor(x / (blockWidth + GAP));
    const inside = x - block * (blockWidth + GAP);
    if (x < 0 || layer < 0 || layer >= layers || block >= this.blocks.length || inside >= blockWidth) {
      this.#leave();
      return;
    }
    this.#move({block, layer, column: Math.floor(inside / (blockWidth / this.blocks[block].columns))});
  }

  #key(event) {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (!step || this.blocks.length === 0) {
      return;
    }
    event.preventDefault();
    const cursor = this.cursor ?? {block: 0, layer: 0, column: -step[0]};
    let block = cursor.block;
    let column = cursor.column + step[0];
    if (column >= this.blocks[block].columns && block + 1 < this.blocks.length) {
      block++;
      column = 0;
    } else if (column < 0 && block > 0) {
      block--;
      column = this.blocks[block].columns - 1;
    }
    column = Math.min(this.blocks[block].columns - 1, Math.max(0, column));
    this.#move({block, column, layer: Math.min(this.geometry.layers - 1, Math.max(0, cursor.layer + step[1]))});
  }

  #move(cursor) {
    this.cursor = cursor;
    this.#paint(this.geometry.layers);
    const {x, y, width} = this.#cell(cursor);
    const {left, top} = this.canvas.getBoundingClientRect();
    showTip(left + x + width / 2, top + y, this.blocks[cursor.block].tip(cursor.layer, cursor.column));
  }

  #leave() {
    if (this.cursor) {
      this.cursor = null;
      hideTip();
      this.#draw();
    }
  }
}

customElements.define("sc-heat", Heat);
