// One tooltip for the page: for every element with data-tip, on hover and on keyboard focus, and for the charts.

let box = null;

function place(x, y) {
  box.hidden = false;
  const margin = 8;
  const {width, height} = box.getBoundingClientRect();
  const left = Math.min(window.innerWidth - width - margin, Math.max(margin, x - width / 2));
  const above = y - height - 12;
  box.style.left = `${left}px`;
  box.style.top = `${above >= margin ? above : y + 18}px`;
}

/** Shows text (lines) at a point of the window. */
export function showTip(x, y, text) {
  if (box.textContent !== text) {
    box.textContent = text;
  }
  place(x, y);
}

export function hideTip() {
  if (box) {
    box.hidden = true;
  }
}

function showFor(element) {
  const {left, width, top} = element.getBoundingClientRect();
  showTip(left + width / 2, top, element.dataset.tip);
}

export function installTooltip() {
  box = document.getElementById("tooltip");
  const target = event => event.target instanceof Element ? event.target.closest("[data-tip]") : null;
  document.addEventListener("pointerover", event => {
    const element = target(event);
    if (element) {
      showFor(element);
    }
  });
  document.addEventListener("pointerout", event => {
    if (target(event)) {
      hideTip();
    }
  });
  document.addEventListener("focusin", event => {
    const element = target(event);
    if (element && element.matches(":focus-visible")) {
      showFor(element);
    }
  });
  document.addEventListener("focusout", hideTip);
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      hideTip();
    }
  });
  window.addEventListener("scroll", hideTip, {passive: true});
}
