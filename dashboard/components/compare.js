// Two pieces of film side by side, stepped and played together; each starts again at its end.

const comparisons = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let comparison = comparisons.get(parentElement);
  if (!comparison) {
    comparison = createComparison(parentElement);
    comparisons.set(parentElement, comparison);
  }
  comparison.update(data, component.setTriggerValue);
  return () => { comparison.close(); comparisons.delete(parentElement); };
}

function createComparison(root) {
  const find = (selector) => root.querySelector(selector);
  const sides = [...root.querySelectorAll(".side")];
  let data = null, trigger = () => {}, shown = "";
  const reels = sides.map((side, number) => createReel(side.querySelector(".screen"), {
    frame: (frame) => {
      side.dataset.frame = frame;
      if (number === 0 && data) {
        find(".count").textContent = `frame ${frame} of ${data.pieces[0].end - data.pieces[0].start}`;
      }
    },
    state: (speed) => { if (number === 0) find(".wide").textContent = speed ? "Pause" : "Play both"; },
    loops: () => true,
    expired: () => trigger("expired", true),
    fault: (text) => {
      const line = side.querySelector(".fault");
      line.textContent = text;
      line.hidden = !text;
    },
  }));
  const step = (by) => {
    reels.forEach((reel) => reel.stop());
    const to = reels[0].frame + by;
    reels.forEach((reel) => reel.goTo(Math.min(Math.max(to, 0), reel.total - 1)));
  };
  const actions = {
    back: () => step(-1),
    forward: () => step(1),
    toggle: () => {
      const playing = reels.some((reel) => reel.speed);
      reels.forEach((reel) => (playing ? reel.stop() : reel.play(1)));
    },
  };
  const keys = { " ": "toggle", k: "toggle", l: "toggle", ArrowLeft: "back", ArrowRight: "forward",
    ",": "back", ".": "forward" };
  root.querySelectorAll("button").forEach((b) => { b.onclick = () => actions[b.dataset.do](); });
  find(".compare").onkeydown = (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    event.preventDefault();
    event.stopPropagation();
    actions[keys[event.key]]();
  };
  return {
    close: () => reels.forEach((reel) => reel.close()),
    update(next, setTriggerValue) {
      data = next;
      trigger = setTriggerValue;
      const identity = JSON.stringify(data.pieces);
      reels.forEach((reel, number) => {
        const [head, line] = data.captions[number], caption = sides[number].querySelector("figcaption");
        caption.replaceChildren(Object.assign(document.createElement("b"), { textContent: head }), line);
        sides[number].querySelector(".screen").style.aspectRatio = data.aspect;
        reel.load([data.pieces[number]], data.sources);
        if (identity !== shown) {
          reel.goTo(0);
        }
      });
      shown = identity;
    },
  };
}
