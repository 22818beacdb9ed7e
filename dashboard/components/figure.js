// Saves the chart above as a file: its SVG as the browser drew it, with its pictures inside, or a
// PNG of that. Nothing leaves the browser.

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".figure");
  root.setAttribute("aria-label", `Save ${data.name}`);
  for (const button of root.querySelectorAll("button")) {
    button.onclick = async () => {
      const told = root.querySelector(".told");
      const drawn = await chart(`.st-key-${data.key} .stVegaLiteChart svg`);
      told.textContent = drawn ? "" : "The chart is not drawn yet.";
      if (!drawn) return;
      try {
        const [text, width, height] = await standalone(drawn);
        const svg = new Blob([text], { type: "image/svg+xml" });
        save(button.dataset.kind === "svg" ? svg : await raster(svg, width, height),
          `${data.name}.${button.dataset.kind}`);
      } catch (error) {
        told.textContent = "This browser could not save it.";
      }
    };
  }
}

// A chart may still be on its way, or be drawn anew at this very moment.
async function chart(selector, patience = 10000) {
  const until = performance.now() + patience;
  while (!document.querySelector(selector) && performance.now() < until) {
    await new Promise((done) => { setTimeout(done, 50); });
  }
  return document.querySelector(selector);
}

const linkOf = (image) => image.getAttribute("href") ?? image.getAttribute("xlink:href");

// Vega names a picture only once it has come.
async function arrived(drawn, patience = 5000) {
  const until = performance.now() + patience;
  while ([...drawn.querySelectorAll("image")].some((image) => !linkOf(image))) {
    if (performance.now() > until) return;
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

async function standalone(drawn) {
  await arrived(drawn);
  const copy = drawn.cloneNode(true);
  const { width, height } = drawn.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("xmlns:xlink", "http://www.w3.org/1999/xlink");
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const app = document.querySelector('[data-testid="stApp"]') ?? document.body;
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(app).backgroundColor);
  copy.prepend(ground);
  await Promise.all([...copy.querySelectorAll("image")].map(async (image) => {
    const link = linkOf(image);
    if (!link || link.startsWith("data:")) return;
    const answer = await fetch(link);
    image.removeAttribute("xlink:href");
    image.setAttribute("href", answer.ok ? await asData(await answer.blob()) : "");
  }));
  return [new XMLSerializer().serializeToString(copy), width, height];
}

function asData(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function raster(svg, width, height, scale = 2) {
  const picture = new Image();
  picture.src = await asData(svg);
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return await new Promise((done) => canvas.toBlob(done, "image/png"));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
