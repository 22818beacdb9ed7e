// A player that counts frames: frame n is asked for in the middle of its time on screen, and what
// is shown is read back from the presentation time of the frame that the browser painted.

const players = new WeakMap();
const PATIENCE = 5000;  // milliseconds
const EXPIRED = "The link to this file has expired; reload the page.";

export default function (component) {
  const { parentElement, data } = component;
  let player = players.get(parentElement);
  if (!player) {
    player = createPlayer(parentElement, data.channel);
    players.set(parentElement, player);
  }
  player.update(data, component.setTriggerValue);
  return () => { player.close(); players.delete(parentElement); };
}

function createPlayer(root, channelName) {
  const find = (selector) => root.querySelector(selector);
  const frameElement = find(".player"), video = find("video"), scrub = find(".scrub");
  const fault = find(".fault"), readout = find(".timecode"), count = find(".frame");
  let data = null, trigger = () => {}, shown = 0, wanted = null, refreshed = "", seen = null;
  const asking = keepAsking(video, {
    wanted: () => wanted,
    frame: () => 1 / data.rate,
    shown: () => seen !== null && (data.variable_rate || seen === frameAt(wanted)),
  });
  const moved = new Map();  // frames that the strip sent it to, and when

  const channel = openChannel(channelName, (message) => {
    if (message.type === "goto") {
      moved.set(message.frame, performance.now());
      video.pause();
      goTo(message.frame);
    }
    if (message.type === "key") actions[keys[message.key]]?.();
    if (message.type === "hello" && data) show(shown);
  });

  const frameAt = (seconds) => {
    const frame = Math.floor((seconds - data.picture_start) * data.rate + 0.01);
    return Math.min(Math.max(frame, 0), data.frames - 1);
  };
  const secondsOf = (frame) => data.picture_start + (frame + 0.5) / data.rate;

  function show(frame) {
    shown = frame;
    scrub.value = frame;
    readout.textContent = timecode(data.first + frame, data);
    const about = data.variable_rate ? "≈ " : "";
    count.textContent = `frame ${about}${frame} of ${data.frames} · ${data.rate_label}`;
    frameElement.dataset.frame = frame;
    channel.say({ type: "frame", frame, playing: !video.paused });
  }
  function goTo(frame) {
    frame = Math.min(Math.max(frame, 0), data.frames - 1);
    wanted = secondsOf(frame);
    show(frame);
    seen = null;
    if (video.readyState >= 1) video.currentTime = wanted;
    asking.asked();
  }
  function painted(_now, metadata) {
    if (data) {
      const frame = frameAt(data.variable_rate ? video.currentTime : metadata.mediaTime);
      seen = frame;
      frameElement.dataset.painted = frame;
      if (!video.seeking) show(frame);
    }
    video.requestVideoFrameCallback(painted);
  }
  async function explain() {
    const ask = { headers: { Range: "bytes=0-0" }, cache: "no-store" };
    const answer = await fetch(data.src, ask).catch(() => null);
    if (answer?.status === 403 && refreshed !== data.src) {
      refreshed = data.src;
      trigger("expired", true);  // the page answers with a fresh link
      return;
    }
    if (asking.failed(answer)) return;
    say(!answer ? "The dashboard does not answer; is it still running?"
      : answer.status === 404 ? "The file is not where it was when it was ingested, or has changed."
      : answer.ok ? "This browser cannot play this file's format."
      : EXPIRED);
  }
  function say(text) {
    fault.textContent = text;
    fault.hidden = false;
  }
  const actions = {
    toggle: () => (video.paused ? video.play().catch(() => {}) : video.pause()),
    back: () => { video.pause(); goTo(shown - 1); },
    forward: () => { video.pause(); goTo(shown + 1); },
    second_back: () => goTo(shown - Math.round(data.rate)),
    second_on: () => goTo(shown + Math.round(data.rate)),
    mute: () => { video.muted = !video.muted; },
    fullscreen: () => find(".screen").requestFullscreen?.(),
  };
  const keys = { " ": "toggle", k: "toggle", ArrowLeft: "back", ArrowRight: "forward",
    ",": "back", ".": "forward", j: "second_back", l: "second_on", m: "mute", f: "fullscreen" };

  root.querySelectorAll("button").forEach((b) => { b.onclick = () => actions[b.dataset.do](); });
  find(".screen").onclick = actions.toggle;
  scrub.oninput = () => goTo(Number(scrub.value));
  frameElement.onkeydown = (event) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    actions[action]();
  };
  video.onplay = video.onpause = () => frameElement.classList.toggle("playing", !video.paused);
  video.onvolumechange = () => frameElement.classList.toggle("muted", video.muted);
  video.onloadedmetadata = () => {
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (width && height) find(".screen").style.aspectRatio = Math.max(width / height, 4 / 3);
    if (wanted !== null) video.currentTime = wanted;
  };
  video.onloadeddata = () => { fault.hidden = true; };
  video.onerror = explain;
  video.requestVideoFrameCallback(painted);

  return {
    close: () => {
      channel.close();
      asking.close();
      video.onerror = null;
      video.removeAttribute("src");
      video.load();  // lets go of the film and of what was decoded of it
    },
    update(next, setTriggerValue) {
      const other = !data || data.identity !== next.identity;
      const sought = other || data.seek.request !== next.seek.request;
      const source = other || (video.error && next.src !== data.src);
      data = next;
      trigger = setTriggerValue;
      scrub.max = data.frames - 1;
      video.setAttribute("aria-label", data.label);
      if (video.error && !source && refreshed === next.src) say(EXPIRED);
      if (source) {
        fault.hidden = true;
        if (!other) wanted = video.currentTime;
        video.src = data.src;
        asking.asked();
      }
      // The page's answer to a choice on the strip: it went there at once, and may be further on.
      const known = !other && performance.now() - (moved.get(data.seek.frame) ?? -PATIENCE) < PATIENCE;
      if (sought && !known) {
        video.pause();
        goTo(data.seek.frame);
      }
    },
  };
}
