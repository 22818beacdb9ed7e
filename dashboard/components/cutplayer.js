// The player of a cut: its slots play one after another, straight from the films' proxies.
// It tells the timeline of the page, by a channel, which frame is shown, and hears where to go.

const cutPlayers = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  let player = cutPlayers.get(parentElement);
  if (!player) {
    player = createCutPlayer(parentElement, data.channel);
    cutPlayers.set(parentElement, player);
  }
  player.update(data, component.setTriggerValue);
  return () => { player.close(); cutPlayers.delete(parentElement); };
}

function createCutPlayer(root, channelName) {
  const find = (selector) => root.querySelector(selector);
  const player = find(".player"), scrub = find(".scrub"), faultLine = find(".fault");
  const loopButton = find('[data-do="loop"]');
  const outbox = openOutbox(channelName);
  let data = null, trigger = () => {}, marks = { in: null, out: null }, loop = false;

  const reel = createReel(find(".screen"), {
    frame: show,
    state: (speed) => {
      player.classList.toggle("playing", speed !== 0);
      find(".speed").textContent = speed === 0 || speed === 1 ? "" : `${speed < 0 ? "−" : ""}${Math.abs(speed)}×`;
    },
    loops: () => loop,
    muted: (muted) => player.classList.toggle("muted", muted),
    expired: () => trigger("expired", true),
    fault: (text) => { faultLine.textContent = text; faultLine.hidden = !text; },
  });
  const channel = openChannel(channelName, (message) => {
    if (message.type === "goto") reel.goTo(message.frame);
    if (message.type === "key") press(message.key);
    if (message.type === "hello" && data) show(reel.frame, reel.index, false);
  });

  function show(frame, index, painted) {
    const slot = data.slots[index];
    scrub.value = frame;
    scrub.setAttribute("aria-valuetext", timecode(data.first + frame, data));
    find(".timecode").textContent = timecode(data.first + frame, data);
    find(".frame").textContent = `frame ${frame} of ${data.frames} · ${data.rate_label}`;
    player.dataset.frame = frame;
    if (painted) player.dataset.painted = frame;
    if (slot) {
      const inside = slot.start + frame - reelStart(index), source = data.sources[slot.media];
      find(".where").textContent = `slot ${index + 1} · shot ${slot.shot}`;
      find(".source").textContent = `source ${timecode(source.first + inside, source)}`;
      player.dataset.slot = index;
      player.dataset.source = inside;
    }
    channel.say({ type: "frame", frame, playing: reel.speed !== 0 });
  }
  const reelStart = (index) => data.slots.slice(0, index).reduce((n, s) => n + s.end - s.start, 0);
  const slotOf = (frame) => {
    let index = 0, start = 0;
    while (index < data.slots.length - 1 && start + data.slots[index].end - data.slots[index].start <= frame) {
      start += data.slots[index].end - data.slots[index].start;
      index += 1;
    }
    return { index, start, end: start + data.slots[index].end - data.slots[index].start };
  };
  function step(frames) {
    reel.stop();
    reel.goTo(reel.frame + frames);
  }
  function jump(direction) {
    const here = slotOf(reel.frame);
    const back = reel.frame > here.start ? here.index : here.index - 1;
    const to = Math.min(Math.max(direction > 0 ? here.index + 1 : back, 0), data.slots.length - 1);
    reel.goTo(reelStart(to));
    channel.say({ type: "cut", slot: to });
  }
  function shuttle(direction) {
    const same = Math.sign(reel.speed) === direction;
    reel.play(same ? direction * Math.min(Math.abs(reel.speed) * 2, 8) : direction);
  }
  function mark(which) {
    marks = { ...marks, [which]: which === "in" ? reel.frame : reel.frame + 1 };
    if (marks.in !== null && marks.out !== null && marks.in >= marks.out) {
      marks[which === "in" ? "out" : "in"] = null;
    }
    showMarks();
  }
  function showMarks() {
    const start = marks.in ?? 0, end = marks.out ?? data.frames;
    const some = marks.in !== null || marks.out !== null;
    const slot = slotOf(start), within = some && end > slot.start && marksSlot() !== null;
    find(".marked").hidden = !some;
    find(".range").textContent = some ? `marked ${end - start} frames` : "";
    find(".trim").hidden = !within || !data.editable;
    if (within) find(".trim").textContent = `Trim slot ${marksSlot().index + 1} to it`;
    reel.setRange(some ? { start, end } : null);
    channel.say({ type: "marks", in: marks.in, out: marks.out });
  }
  // The slot that the marks lie in: an unset one stands for the slot's own end.
  function marksSlot() {
    const slot = slotOf(marks.in ?? Math.max(0, marks.out - 1));
    const end = marks.out ?? slot.end, start = marks.in ?? slot.start;
    const shorter = start > slot.start || end < slot.end;
    return start >= slot.start && end <= slot.end && shorter ? { ...slot, from: start, to: end } : null;
  }
  const actions = {
    toggle: () => reel.toggle(),
    pause: () => reel.stop(),
    on: () => shuttle(1),
    reverse: () => shuttle(-1),
    back: () => step(-1),
    forward: () => step(1),
    second_back: () => step(-Math.round(data.rate)),
    second_on: () => step(Math.round(data.rate)),
    previous: () => jump(-1),
    next: () => jump(1),
    start: () => reel.goTo(0),
    end: () => reel.goTo(data.frames - 1),
    mark_in: () => mark("in"),
    mark_out: () => mark("out"),
    clear_marks: () => { marks = { in: null, out: null }; showMarks(); },
    trim_to_marks: () => {
      const slot = marksSlot();
      outbox.send("player", { ...data.cut, kind: "trim", slot: slot.index,
        head: slot.start - slot.from, tail: slot.to - slot.end });
      actions.clear_marks();
    },
    loop: () => { loop = !loop; loopButton.setAttribute("aria-pressed", String(loop)); },
    mute: () => player.classList.toggle("muted", reel.mute()),
    fullscreen: () => find(".screen").requestFullscreen?.(),
  };
  const keys = { " ": "toggle", k: "pause", l: "on", j: "reverse", ArrowLeft: "back", ArrowRight: "forward",
    ",": "back", ".": "forward", ArrowUp: "previous", ArrowDown: "next", Home: "start", End: "end",
    i: "mark_in", o: "mark_out", x: "clear_marks", r: "loop", m: "mute", f: "fullscreen",
    "shift+ArrowLeft": "second_back", "shift+ArrowRight": "second_on" };

  function press(key) {
    const action = keys[key] ?? keys[key.toLowerCase?.()];
    if (action && data) actions[action]();
    return Boolean(action);
  }
  root.querySelectorAll("button").forEach((b) => { b.onclick = () => actions[b.dataset.do](); });
  find(".screen").onclick = actions.toggle;
  scrub.oninput = () => reel.goTo(Number(scrub.value));
  player.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    const key = event.shiftKey && event.key.startsWith("Arrow") ? `shift+${event.key}` : event.key;
    if (!press(key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return {
    close: () => { reel.close(); channel.close(); outbox.leave("player"); },
    update(next, setTriggerValue) {
      const first = !data, other = first || data.cut.cut !== next.cut.cut;
      const changed = other || data.cut.version !== next.cut.version;
      const sought = other || data.seek.request !== next.seek.request;
      const frame = reel.frame;
      data = next;
      trigger = setTriggerValue;
      outbox.answered("player", setTriggerValue, data.answered);
      scrub.max = data.frames - 1;
      player.setAttribute("aria-label", data.label);
      find(".screen").style.aspectRatio = data.aspect;
      find(".screen").style.setProperty("--shape", data.aspect);
      find(".screen").classList.toggle("shaped", Boolean(data.shape));
      find(".untrue").hidden = !data.untrue.length;
      find(".untrue").textContent = data.untrue.length ? `The render has, and this has not: ${data.untrue.join("; ")}.` : "";
      reel.load(data.slots, data.sources, data.shape);
      if (changed && !other) actions.clear_marks();
      if (sought) reel.goTo(data.seek.frame);
      else if (changed) reel.goTo(Math.min(frame, data.frames - 1));
      else showMarks();
    },
  };
}
