// A film on its time axis: thumbnails of its shots, and under them a lane for each measure. Only
// what is in view is drawn. The player of the page moves along by a channel.

const strips = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let strip = strips.get(parentElement);
  if (!strip) {
    strip = createStrip(parentElement, data.channel);
    strips.set(parentElement, strip);
  }
  strip.update(data, component.setTriggerValue);
  return () => { strip.close(); strips.delete(parentElement); };
}

const RULER = 18, LANE = 29, PICTURE = 100;
const PATIENCE = 5000;  // milliseconds

function createStrip(root, channelName) {
  const find = (selector) => root.querySelector(selector);
  const scroll = find(".scroll"), content = find(".content"), canvas = find("canvas");
  const pictures = find(".pictures"), tip = find(".tip"), playhead = find(".playhead");
  let data = null, trigger = () => {}, zoom = 1, frame = 0, pressed = false, drawing = 0;
  let awaited = null, since = 0;  // the choice that the page has not answered yet

  const channel = openChannel(channelName, (message) => {
    if (message.type !== "frame") return;
    frame = message.frame;
    placeHead(message.playing);
  });
  const width = () => Math.max(scroll.clientWidth, 50) * zoom;
  const perFrame = () => width() / Math.max(data.frames, 1);
  const shotAt = (n) => {
    let low = 0, high = data.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (data.starts[middle] <= n) low = middle; else high = middle - 1;
    }
    return low;
  };
  const endOf = (shot) => data.starts[shot + 1] ?? data.frames;
  const frameAt = (clientX) => {
    const n = (clientX - content.getBoundingClientRect().left) / perFrame();
    return Math.min(Math.max(Math.floor(n), 0), data.frames - 1);
  };

  function placeHead(playing) {
    if (!data) return;
    const x = (frame + 0.5) * perFrame();
    playhead.style.left = `${x}px`;
    if (playing && (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth)) {
      scroll.scrollTo({ left: x - 40 });
    }
  }
  function draw() {
    if (!data) return;
    content.style.width = `${width()}px`;
    const [start, end] = [data.starts[data.selected], endOf(data.selected)];
    Object.assign(find(".chosen").style, {
      left: `${start * perFrame()}px`, width: `${(end - start) * perFrame()}px` });
    drawPictures();
    drawLanes();
    placeHead(false);
  }
  function later() {
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(() => { drawPictures(); drawLanes(); });
  }
  // A picture where its shot begins, but never closer than one is wide: the shots that have room.
  function drawPictures() {
    const from = scroll.scrollLeft - PICTURE, to = scroll.scrollLeft + scroll.clientWidth + PICTURE;
    const known = new Map([...pictures.children].map((image) => [image.dataset.shot, image]));
    const shown = [];
    let x = Math.max(0, Math.floor(from / PICTURE) * PICTURE);
    while (x < Math.min(to, width())) {
      const shot = shotAt(Math.floor(x / perFrame()));
      const begins = data.starts[shot] * perFrame(), ends = endOf(shot) * perFrame();
      const left = Math.max(begins, x), wide = Math.min(Math.max(ends - left, 24), PICTURE);
      const image = known.get(String(shot)) ?? Object.assign(document.createElement("img"), { alt: "", decoding: "async" });
      if (image.dataset.shot !== String(shot)) {
        image.dataset.shot = shot;
        image.src = data.thumbnails + shot;
      }
      Object.assign(image.style, { left: `${left}px`, width: `${wide}px` });
      if (!shown.includes(image)) shown.push(image);
      x = left + wide;
    }
    pictures.replaceChildren(...shown);
  }
  function drawLanes() {
    const wide = scroll.clientWidth, high = RULER + data.lanes.length * LANE;
    const scale = window.devicePixelRatio || 1, style = getComputedStyle(content);
    canvas.width = wide * scale;
    canvas.height = high * scale;
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.translate(-scroll.scrollLeft, 0);
    drawRuler(pen, style.color);
    data.lanes.forEach((lane, number) => drawLane(pen, lane, RULER + number * LANE, style.color));
  }
  function drawRuler(pen, colour) {
    const second = perFrame() * data.nominal;
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((s) => s * second >= 92) ?? 7200;
    const first = Math.floor(scroll.scrollLeft / (step * second)) * step;
    pen.fillStyle = colour;
    pen.font = "10.5px ui-monospace, monospace";
    for (let t = first; t * second < scroll.scrollLeft + scroll.clientWidth; t += step) {
      const n = Math.round(t * data.nominal);
      if (n >= data.frames) break;
      pen.globalAlpha = 0.35;
      pen.fillRect(n * perFrame(), 0, 1, RULER);
      pen.globalAlpha = 0.85;
      pen.fillText(timecode(data.first + n, data), n * perFrame() + 3, 12);
    }
    pen.globalAlpha = 1;
  }
  function drawLane(pen, lane, top, colour) {
    const low = lane.low, span = Math.max(lane.high - lane.low, 1e-9), tall = LANE - 8;
    const base = top + LANE - 4, y = (value) => base - (Math.min(Math.max(value - low, 0), span) / span) * tall;
    pen.globalAlpha = 0.25;
    pen.fillStyle = colour;
    pen.fillRect(scroll.scrollLeft, base, scroll.clientWidth, 1);
    pen.globalAlpha = 0.9;
    pen.fillStyle = lane.colour;
    const from = scroll.scrollLeft, to = from + scroll.clientWidth;
    if (lane.kind === "spans") {
      for (const [start, end] of lane.values) {
        const [a, b] = [start * perFrame(), end * perFrame()];
        if (b >= from && a <= to) pen.fillRect(a, top + 8, Math.max(b - a, 1), LANE - 14);
      }
    } else {
      const count = lane.values.length, edge = (i) => lane.kind === "shots"
        ? (i < count ? data.starts[i] : data.frames) * perFrame() : (i / count) * width();
      for (let i = 0; i < count; i += 1) {
        const [a, b, value] = [edge(i), edge(i + 1), lane.values[i]];
        if (b < from || a > to || value === null) continue;
        const zero = low < 0 && lane.high > 0 && lane.kind === "shots" ? y(0) : base;
        const [one, other] = [y(value), zero];
        pen.fillRect(a, Math.min(one, other), Math.max(b - a - (b - a > 3 ? 0.5 : 0), 1), Math.max(Math.abs(one - other), 1));
      }
    }
    pen.globalAlpha = 1;
  }
  function valueOf(lane, n, shot) {
    if (lane.kind === "spans") return lane.values.some(([a, b]) => a <= n && n < b) ? lane.yes : lane.no;
    const value = lane.kind === "shots" ? lane.values[shot] : lane.values[Math.floor((n / data.frames) * lane.values.length)];
    return value === null || value === undefined ? "not measured" : `${value.toFixed(lane.digits)}${lane.unit}`.replace("-", "−");
  }
  function words(n) {
    const shot = shotAt(n);
    const values = data.lanes.map((lane) => `${lane.name}: ${valueOf(lane, n, shot)}`);
    return [`${timecode(data.first + n, data)} · shot ${shot}`, ...values];
  }
  function tell() {
    content.setAttribute("aria-valuenow", data.selected);
    const said = words(data.starts[data.selected]);
    content.setAttribute("aria-valuetext", said.join(", "));
    find(".said").textContent = said.join(" · ");
  }
  function choose(shot, at = data.starts[shot]) {
    awaited = shot;
    since = performance.now();
    data = { ...data, selected: shot };
    tell();
    draw();
    channel.say({ type: "goto", frame: at });
    trigger("chosen", { shot, frame: at });
  }
  content.onpointermove = (event) => {
    const n = frameAt(event.clientX), box = root.querySelector(".strip").getBoundingClientRect();
    tip.hidden = false;
    tip.textContent = words(n).join("\n");
    const left = event.clientX - box.left + 14;
    tip.style.left = `${Math.min(left, box.width - tip.offsetWidth - 6)}px`;
    tip.style.top = `${Math.max(event.clientY - box.top - tip.offsetHeight - 10, 4)}px`;
    if (pressed) channel.say({ type: "goto", frame: n });
  };
  content.onpointerleave = () => { tip.hidden = true; };
  content.onpointerdown = (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    pressed = true;
    content.setPointerCapture(event.pointerId);
    channel.say({ type: "goto", frame: frameAt(event.clientX) });
  };
  content.onpointerup = (event) => {
    pressed = false;
    const n = frameAt(event.clientX);
    choose(shotAt(n), n);
  };
  content.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: 10, PageUp: -10 }[event.key];
    const last = data.starts.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : data.selected + (by ?? 0);
    if (by || event.key === "Home" || event.key === "End") choose(Math.min(Math.max(to, 0), last));
    else if ([" ", "k", "j", "l", ",", "."].includes(event.key)) channel.say({ type: "key", key: event.key });
    else if (event.key === "+" || event.key === "-") zoomTo(event.key === "+" ? zoom * 2 : zoom / 2);
    else return;
    event.preventDefault();
  };
  const zoomTo = (wanted) => {
    const most = Math.max(1, (data.frames / Math.max(scroll.clientWidth, 1)) * 8);
    zoom = Math.min(Math.max(wanted, 1), most);
    draw();
    scroll.scrollTo({ left: frame * perFrame() - scroll.clientWidth / 2 });
  };
  const actions = { in: () => zoomTo(zoom * 2), out: () => zoomTo(zoom / 2), fit: () => zoomTo(1) };
  root.querySelectorAll(".bar button").forEach((b) => { b.onclick = () => actions[b.dataset.do](); });
  scroll.onscroll = later;
  const resized = new ResizeObserver(draw);
  resized.observe(scroll);

  return {
    close: () => { resized.disconnect(); channel.close(); },
    update(next, setTriggerValue) {
      const other = !data || data.label !== next.label;
      if (other) zoom = 1;
      // What the page says may answer an earlier choice: the last one stands until it is answered.
      if (other || next.selected === awaited || performance.now() - since > PATIENCE) awaited = null;
      data = awaited === null ? next : { ...next, selected: awaited };
      trigger = setTriggerValue;
      content.setAttribute("aria-label", data.label);
      content.setAttribute("aria-valuemax", data.starts.length - 1);
      tell();
      find(".names").replaceChildren(...data.lanes.map((lane) => {
        const name = document.createElement("div");
        name.append(lane.name, Object.assign(document.createElement("small"), { textContent: lane.range }));
        return name;
      }));
      draw();
      channel.say({ type: "hello" });
    },
  };
}
