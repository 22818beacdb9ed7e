// Two versions of a cut, one above the other: what became of each slot, joined by lines.

const differences = new WeakMap();

export default function ({ parentElement, data }) {
  let difference = differences.get(parentElement);
  if (!difference) {
    difference = createDifference(parentElement);
    differences.set(parentElement, difference);
  }
  difference.update(data);
  return () => { difference.close(); differences.delete(parentElement); };
}

function createDifference(root) {
  const find = (selector) => root.querySelector(selector);
  let data = null, drawn = null;
  const resized = new ResizeObserver(() => { if (drawn) drawLinks(); });
  resized.observe(find(".difference"));
  return {
    close: () => resized.disconnect(),
    update(next) {
      data = next;
      find(".difference").setAttribute("aria-label", data.words);
      const longest = Math.max(data.before.frames, data.after.frames, 1);
      drawn = { before: drawRow("before", longest), after: drawRow("after", longest) };
      drawLinks();
    },
  };

  function drawRow(which, longest) {
    const row = find(`.row.${which}`);
    row.dataset.label = data[which].label;
    const pieces = data[which].slots.map((slot) => {
      const piece = document.createElement("div");
      piece.className = `piece ${slot.kind}`;
      piece.style.width = `${(slot.frames / longest) * 100}%`;
      piece.title = slot.tip;
      const image = Object.assign(document.createElement("img"), { src: slot.src, alt: "", decoding: "async" });
      const number = Object.assign(document.createElement("span"), { className: "number", textContent: slot.number });
      piece.append(image, number);
      if (slot.word) {
        piece.append(Object.assign(document.createElement("span"), { className: "word", textContent: slot.word }));
      }
      return piece;
    });
    row.replaceChildren(...pieces);
    return pieces;
  }
  function drawLinks() {
    const svg = find(".links"), left = svg.getBoundingClientRect().left;
    const middle = (piece) => {
      const box = piece.getBoundingClientRect();
      return box.left + box.width / 2 - left;
    };
    svg.replaceChildren(...data.links.map(({ before, after, kind }) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const [x, y] = [middle(drawn.before[before]), middle(drawn.after[after])];
      path.setAttribute("d", `M${x} 0 C${x} 15 ${y} 15 ${y} 30`);
      path.setAttribute("class", kind);
      return path;
    }));
  }
}
