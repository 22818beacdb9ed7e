// The timeline of a cut: its slots in proportion to their length, a playhead that the player moves,
// slots that are dragged to another place and edges that are dragged to trim. Whatever is done while
// the page still answers what was done before is kept, and stands until it is answered itself.

const timelines = new WeakMap();
const PATIENCE = 5000;  // milliseconds

export default function (component) {
  const { parentElement, data } = component;
  let timeline = timelines.get(parentElement);
  if (!timeline) {
    timeline = createTimeline(parentElement, data.channel);
    timelines.set(parentElement, timeline);
  }
  timeline.update(data, component.setTriggerValue);
  return () => { timeline.close(); timelines.delete(parentElement); };
}

const LOCK = '<svg class="lock" viewBox="0 0 10 11"><path d="M2 5V3.5a3 3 0 0 1 6 0V5h1v6H1V5zm1.3 0h3.4V3.5a1.7 1.7 0 0 0-3.4 0z"/></svg>';

function createTimeline(root, channelName) {
  const find = (selector) => root.querySelector(selector);
  const scroll = find(".scroll"), content = find(".content"), track = find(".track");
  const ruler = find(".ruler"), playhead = find(".playhead"), insert = find(".insert");
  const outbox = openOutbox(channelName);
  let data = null, trigger = () => {}, zoom = 1, drag = null, frame = 0, marks = {}, shown = null;
  let awaited = null, since = 0;  // the choice that the page has not answered yet
  let held = null;  // what the page said while something was dragged
  let later = null;  // a choice that waits until the page has answered a change

  const channel = openChannel(channelName, (message) => {
    if (message.type === "frame") place(message.frame, message.playing);
    if (message.type === "marks") { marks = message; showMarks(); }
    if (message.type === "cut") choose(message.slot, { seek: false });
  });
  let room = 1;  // pixels; asked for once a drawing, for each asking lays the page out anew
  const width = () => room * zoom;
  const perFrame = () => width() / Math.max(data.frames, 1);
  const frameAt = (clientX) => {
    const n = (clientX - content.getBoundingClientRect().left) / perFrame();
    return Math.min(Math.max(Math.floor(n), 0), data.frames - 1);
  };

  function place(n, playing) {
    frame = n;
    if (!data) return;
    const x = (n + 0.5) * perFrame();
    playhead.style.left = `${x}px`;
    if (zoom === 1) return;  // all of it is in view
    const out = x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth;
    if (out) scroll.scrollTo({ left: x - (playing ? 40 : scroll.clientWidth / 2) });
  }
  function showMarks() {
    const bar = find(".marks"), some = data && (marks.in != null || marks.out != null);
    bar.hidden = !some;
    if (!some) return;
    const start = marks.in ?? 0, end = marks.out ?? data.frames;
    Object.assign(bar.style, { left: `${start * perFrame()}px`, width: `${(end - start) * perFrame()}px` });
  }
  function draw() {
    room = Math.max(scroll.clientWidth - 2, 1);
    content.style.width = `${width()}px`;
    const keep = new Map([...track.children].map((slot) => [slot.dataset.identity, slot]));
    track.replaceChildren(...data.slots.map((slot, index) => {
      const element = keep.get(slot.identity) ?? createSlot(slot);
      keep.delete(slot.identity);
      fill(element, slot, index);
      return element;
    }));
    drawRuler();
    place(frame, false);
    showMarks();
  }
  function createSlot(slot) {
    const element = document.createElement("div");
    element.className = "slot";
    element.dataset.identity = slot.identity;
    element.setAttribute("role", "option");
    element.innerHTML = `<img alt="" decoding="async" draggable="false">
      <span class="label" aria-hidden="true"></span><span class="foot" aria-hidden="true"></span>
      <span class="said"></span>`;
    element.querySelector("img").src = slot.src;
    return element;
  }
  function fill(element, slot, index) {
    const selected = index === data.selected;
    element.style.width = `${slot.frames * perFrame()}px`;
    element.dataset.index = index;
    element.tabIndex = selected ? 0 : -1;
    element.setAttribute("aria-selected", String(selected));
    element.querySelector(".said").textContent = slot.spoken;
    element.title = slot.tip;
    element.querySelector(".label").innerHTML = `${slot.locked ? LOCK : ""} ${index + 1}`;
    const badge = (kind, text) => `<span class="badge ${kind}">${text}</span>`;
    const found = (kind) => slot.faults.filter((severity) => severity === kind).length;
    element.querySelector(".foot").innerHTML = [
      found("error") ? badge("error", `! ${found("error")}`) : "",
      found("warning") ? badge("warning", `⚠ ${found("warning")}`) : "",
      slot.note ? badge("note", "✎") : ""].join("");
    element.querySelectorAll(".edge").forEach((edge) => edge.remove());
    if (data.editable) {
      for (const end of ["head", "tail"]) {
        const edge = document.createElement("span");
        edge.className = `edge ${end}`;
        edge.dataset.end = end;
        element.append(edge);
      }
    }
  }
  function drawRuler() {
    const pixels = perFrame() * data.nominal;  // a second
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s * pixels >= 86) ?? 1200;
    const ticks = [];
    for (let second = 0; second * data.nominal < data.frames; second += step) {
      const tick = document.createElement("span"), at = second * data.nominal;
      tick.className = "tick";
      tick.style.left = `${at * perFrame()}px`;
      tick.textContent = timecode(data.first + at, data);
      ticks.push(tick);
    }
    ruler.replaceChildren(...ticks);
  }
  function choose(index, { seek = true } = {}) {
    const sent = { slot: index, frame: seek ? startOf(index) : frame };
    awaited = index;
    since = performance.now();
    data = { ...data, selected: index };
    if (outbox.busy) later = sent; else trigger("chosen", sent);
    if (seek) channel.say({ type: "goto", frame: startOf(index) });
    [...track.children].forEach((slot, n) => {
      slot.setAttribute("aria-selected", String(n === index));
      slot.tabIndex = n === index ? 0 : -1;
    });
  }
  // A change undoes what was chosen: the page says where the changed slot is then.
  function ask(edit) {
    awaited = later = null;
    outbox.send("timeline", { ...data.cut, ...edit });
  }
  const startOf = (index) => data.slots.slice(0, index).reduce((n, slot) => n + slot.frames, 0);
  const slotFrom = (event) => event.target.closest?.(".slot");
  const hint = (text) => { find(".hint").textContent = text; };

  // Dragging: an edge trims, the body moves, with Alt it slips. A short press chooses.
  track.onpointerdown = (event) => {
    const slot = slotFrom(event);
    if (!slot || event.button !== 0) return;
    const index = Number(slot.dataset.index), end = event.target.dataset.end;
    const kind = end ? "trim" : event.altKey ? "slip" : "move";
    const touch = event.pointerType === "touch";
    drag = { kind, end, index, slot, x: event.clientX, moved: false, frames: 0, to: index, touch };
    if (!touch) track.setPointerCapture(event.pointerId);
  };
  track.onpointermove = (event) => {
    if (!drag || drag.touch || !data.editable) return;
    const by = event.clientX - drag.x;
    if (!drag.moved && Math.abs(by) < 5) return;
    drag.moved = true;
    event.preventDefault();
    if (drag.kind === "move") dragMove(event.clientX);
    else dragFrames(Math.round(by / perFrame()));
  };
  track.onpointerup = (event) => {
    if (!drag) return;
    const done = drag;
    endDrag();
    drop(done, event);
    catchUp();
  };
  function drop(done, event) {
    if (!done.moved) {
      if (done.touch && Math.abs(event.clientX - done.x) > 8) return;
      focusSlot(done.index);
      choose(done.index);
      return;
    }
    if (done.kind === "move" && done.to !== done.index) {
      ask({ kind: "move", slot: done.index, to: done.to });
    } else if (done.kind === "slip" && done.frames) {
      ask({ kind: "slip", slot: done.index, frames: done.frames });
    } else if (done.kind === "trim" && done.frames) {
      const change = done.end === "head" ? { head: -done.frames, tail: 0 } : { head: 0, tail: done.frames };
      ask({ kind: "trim", slot: done.index, ...change });
    }
  }
  track.onpointercancel = () => { endDrag(); catchUp(); };
  function dragMove(clientX) {
    const middles = [...track.children].map((slot) => {
      const box = slot.getBoundingClientRect();
      return box.left + box.width / 2;
    });
    const gap = middles.filter((middle) => middle < clientX).length;  // before which slot
    drag.to = gap > drag.index ? gap - 1 : gap;
    drag.slot.classList.add("dragged");
    insert.hidden = drag.to === drag.index;
    insert.style.left = `${startOf(gap) * perFrame()}px`;
    hint(drag.to === drag.index ? "stays where it is" : `slot ${drag.index + 1} → place ${drag.to + 1}`);
  }
  function dragFrames(frames) {
    const slot = data.slots[drag.index], { before, after } = slot;
    const [least, most] = drag.kind === "slip" ? [-before, after]
      : drag.end === "head" ? [-before, slot.frames - 1] : [1 - slot.frames, after];
    drag.frames = Math.min(Math.max(frames, least), most);
    const sign = drag.frames > 0 ? "+" : drag.frames < 0 ? "−" : "";
    const what = drag.kind === "slip" ? "slip" : drag.end === "head" ? "in" : "out";
    hint(`slot ${drag.index + 1}: ${what} ${sign}${Math.abs(drag.frames)} frames`);
    if (drag.kind === "trim") {
      const shown = drag.end === "head" ? slot.frames - drag.frames : slot.frames + drag.frames;
      drag.slot.style.width = `${shown * perFrame()}px`;
    }
  }
  function endDrag() {
    if (!drag) return;
    drag.slot.classList.remove("dragged");
    drag.slot.style.width = `${data.slots[drag.index].frames * perFrame()}px`;
    insert.hidden = true;
    drag = null;
    hint(data.hint);
  }
  function focusSlot(index) {
    track.children[index]?.focus({ preventScroll: true });
  }
  ruler.onpointerdown = (event) => {
    ruler.setPointerCapture(event.pointerId);
    channel.say({ type: "goto", frame: frameAt(event.clientX) });
  };
  ruler.onpointermove = (event) => {
    if (event.buttons) channel.say({ type: "goto", frame: frameAt(event.clientX) });
  };
  root.querySelector(".timeline").onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const index = Number(slotFrom(event)?.dataset.index ?? data.selected ?? 0);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.altKey) {
      const to = index + (by ?? 0);
      if (!by || !data.editable || to < 0 || to >= data.slots.length) return;
      ask({ kind: "move", slot: index, to });
    } else if (event.key === "Enter" || event.key === "ArrowUp" || event.key === "ArrowDown") {
      const to = event.key === "Enter" ? index : index + (event.key === "ArrowUp" ? -1 : 1);
      if (!slotFrom(event) || to < 0 || to >= data.slots.length) return;
      focusSlot(to);
      choose(to);
    } else if (event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) {
      return;
    } else if (event.key.length === 1 || ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      channel.say({ type: "key", key: event.shiftKey && by ? `shift+${event.key}` : event.key });
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const zoomTo = (wanted) => {
    const middle = frame;
    zoom = Math.min(Math.max(wanted, 1), 64);
    draw();
    scroll.scrollTo({ left: middle * perFrame() - scroll.clientWidth / 2 });
  };
  const actions = { in: () => zoomTo(zoom * 2), out: () => zoomTo(zoom / 2), fit: () => zoomTo(1) };
  root.querySelectorAll(".bar button").forEach((b) => { b.onclick = () => actions[b.dataset.do](); });
  const resized = new ResizeObserver(() => { if (data && !drag) draw(); });
  resized.observe(scroll);

  return {
    close: () => { resized.disconnect(); channel.close(); outbox.leave("timeline"); },
    update,
  };

  function update(next, setTriggerValue) {
    outbox.answered("timeline", setTriggerValue, next.answered);
    if (drag?.moved) {  // what is dragged stays as it is drawn until it is dropped
      held = [next, setTriggerValue];
      return;
    }
    const other = !data || data.cut.version !== next.cut.version;
    if (later && !outbox.busy) {
      setTriggerValue("chosen", later);
      later = null;
    }
    // What the page says may answer an earlier choice: the last one stands until it is answered.
    if (other || next.selected === awaited || performance.now() - since > PATIENCE) awaited = null;
    if (awaited !== null) next = { ...next, selected: awaited };
    const focused = root.activeElement?.closest?.(".slot") ?? root.getRootNode().activeElement?.closest?.(".slot");
    data = next;
    trigger = setTriggerValue;
    track.setAttribute("aria-label", data.label);
    hint(data.hint);
    draw();
    if (focused) focusSlot(data.selected);
    if (shown !== `${data.cut.cut}@${data.cut.version}`) {
      find("[role=status]").textContent = shown ? data.label : "";
      shown = `${data.cut.cut}@${data.cut.version}`;
    }
    channel.say({ type: "hello" });
  }
  function catchUp() {
    const last = held;
    held = null;
    if (last) update(...last);
  }
}
