// Plays pieces of films one after another as one video: two video elements, of which one shows the
// present piece while the other already stands where the next begins. At a dissolve, and where sound
// is cut apart from its picture, both run; see playback.js for when and how they mix.
//
// A piece is { media, start, end } in frames of its film, and what `Join` in cut_playback.py says of
// its beginning; a source { src, rate, picture_start, frames, variable_rate }. Frame n is asked for
// in the middle of its time on screen, and what is shown is read back from the presentation time of
// the frame that the browser painted.

function createReel(screen, events) {
  const stage = Object.assign(document.createElement("div"), { className: "stage" });
  const curtain = Object.assign(document.createElement("div"), { className: "curtain" });
  const videos = [0, 1].map(() => {
    const video = document.createElement("video");
    return Object.assign(video, { playsInline: true, preload: "auto", tabIndex: -1 });
  });
  stage.append(...videos, curtain);
  screen.prepend(stage);
  const cued = [null, null];  // { media, seconds, src } that each video was asked for
  const seen = [null, null];  // the frame of its film that each video has painted since
  const asking = videos.map((video, which) => keepAsking(video, {
    wanted: () => cued[which]?.seconds ?? null,
    shown: () => isShown(which),
    frame: () => 1 / sources[cued[which].media].rate,
  }));
  let pieces = [], sources = {}, plan = createPlan([]), shape = null;
  let front = 0, index = 0, both = false;  // the video that is counted by, its piece; whether two run
  let frame = 0, speed = 0, timer = 0, shuttleId = 0, waiting = false;
  let range = null, refreshed = "", sought = false;

  const back = () => 1 - front;
  const clamped = (source, n) => Math.min(Math.max(n, 0), source.frames - 1);
  const secondsOf = (source, n) => source.picture_start + (clamped(source, n) + 0.5) / source.rate;
  const frameAt = (source, seconds) => Math.floor((seconds - source.picture_start) * source.rate + 0.01);
  const sourceOf = (k) => (pieces[k] ? sources[pieces[k].media] : undefined);
  const first = () => (range ? range.start : 0);
  const last = () => (range ? range.end : plan.total) - 1;
  const overlap = () => pieces[index + 1] && (pieces[index + 1].pre ?? 0) + (pieces[index + 1].post ?? 0) > 0;

  function cue(which, k, n) {
    const video = videos[which], source = sourceOf(k);
    if (!source) return;
    const seconds = secondsOf(source, n), other = cued[which]?.src !== source.src || video.error;
    if (other || cued[which].seconds !== seconds) seen[which] = null;
    cued[which] = { media: pieces[k].media, seconds, src: source.src, frame: clamped(source, n) };
    if (other) video.src = source.src;
    if (stands(which)) return;
    if (video.readyState >= 1) video.currentTime = seconds;
    asking[which].asked();
  }
  // Whether it stands where it was asked to: asked again, it would paint nothing that it could tell.
  function stands(which) {
    const { currentTime, seeking, paused } = videos[which], here = Math.abs(currentTime - cued[which].seconds);
    return paused && !seeking && here < 0.001 && seen[which] === cued[which].frame;
  }
  // Whether a video has painted what it was asked for; where a rate varies, whether it has painted.
  function isShown(which) {
    const loose = sources[cued[which].media]?.variable_rate && seen[which] !== null;
    return loose || seen[which] === cued[which].frame;
  }
  function cueNext() {
    const next = pieces[index + 1];
    if (next) cue(back(), index + 1, next.start - (next.pre ?? 0));
  }
  // Lays the pictures of frame `n` over each other, and lets the right one be heard.
  function draw(n) {
    const share = both ? plan.share(index, n) : 0, heard = plan.heard(index, n, both);
    for (const which of [front, back()]) {
      const k = which === front ? index : index + 1, later = which !== front;
      const video = videos[which];
      video.style.zIndex = later ? (share > 0 ? 1 : 0) : (share > 0 ? 0 : 1);
      video.style.opacity = later && both && share > 0 ? share : 1;
      video.volume = pieces[k] && heard === k ? pieces[k].volume ?? 1 : 0;
      if (pieces[k]) place(video, k, n);
    }
    curtain.style.opacity = 1 - plan.light(n);
    stage.dataset.share = share;
  }
  function place(video, k, n) {
    const known = shape && video.videoWidth && video.videoHeight;
    const box = known ? cropped(video.videoWidth / video.videoHeight, shape, plan.middle(k, n))
      : { left: 0, top: 0, width: 1, height: 1 };
    for (const [side, share] of Object.entries(box)) video.style[side] = `${share * 100}%`;
    video.style.objectFit = known ? "fill" : "contain";
  }
  function report(n, painted) {
    frame = n;
    draw(n);
    events.frame(n, plan.pieceAt(n), painted);
  }
  function goTo(n, { keepPlaying = false } = {}) {
    if (!plan.total) return;
    clearTimeout(timer);
    waiting = false;
    n = Math.min(Math.max(Math.round(n), 0), plan.total - 1);
    if (!keepPlaying) halt();
    const before = index, were = both, found = plan.locate(n), source = sourceOf(found.index);
    if (!source) return;
    ({ index, both } = found);
    if (cued[front]?.src !== source.src && cued[back()]?.src === source.src) {
      videos[front].pause();
      front = back();
    }
    cue(front, index, plan.frameOf(index, n));
    if (both) cue(back(), index + 1, plan.frameOf(index + 1, n));
    else if (index !== before || were || !cued[back()]) cueNext();
    sought = true;
    report(n, false);
    if (speed === 0 && stands(front) && (!both || stands(back()))) settle();
  }
  function halt() {
    clearTimeout(timer);
    cancelAnimationFrame(shuttleId);
    waiting = false;
    if (speed !== 0) {
      speed = 0;
      events.state(speed);
    }
    videos.forEach((video) => video.pause());
  }
  function stop() {
    const together = both && speed !== 0;
    halt();
    if (together) goTo(frame);  // two that ran beside each other stand on the same frame
  }
  function play(wanted) {
    if (!plan.total) return;
    halt();
    speed = wanted;
    events.state(speed);
    if (frame >= last() && speed > 0) goTo(first(), { keepPlaying: true });
    if (range && (frame < range.start || frame >= range.end)) goTo(range.start, { keepPlaying: true });
    if (speed < 0 || speed > 4) return shuttle();
    run(videos[front]);
    if (both) run(videos[back()]);
  }
  function run(video) {
    video.playbackRate = speed;
    video.play().catch((error) => {
      if (error.name === "NotAllowedError") {
        video.muted = true;  // a browser that plays nothing aloud before a click
        events.muted?.(true);
        video.play().catch(() => stop());
      }
    });
  }
  function shuttle() {
    const from = frame, began = performance.now(), fps = sourceOf(index).rate;
    const tick = () => {
      const n = Math.round(from + (speed * fps * (performance.now() - began)) / 1000);
      if (n < first() || n > last()) {
        goTo(n < first() ? first() : last());
        return;
      }
      if (!videos[front].seeking && n !== frame) goTo(n, { keepPlaying: true });
      shuttleId = requestAnimationFrame(tick);
    };
    shuttleId = requestAnimationFrame(tick);
  }

  // From one piece to the next, as soon as that is there; until then the last frame stands.
  function whenReady(go) {
    if (speed <= 0 || waiting) return;
    const video = videos[back()];
    if (video.readyState >= 2 && !video.seeking) {
      go();
      return;
    }
    waiting = true;
    videos[front].pause();
    const ready = () => {
      if (!waiting) return;
      if (video.readyState >= 2 && !video.seeking) {
        waiting = false;
        go();
      } else {
        timer = setTimeout(ready, 10);
      }
    };
    timer = setTimeout(ready, 10);
  }
  function onward() {
    if (speed <= 0 || waiting) return;
    if (both) return takeOver();
    if (!pieces[index + 1] || frame >= last()) return finish();
    whenReady(overlap() ? runBoth : change);
  }
  function change() {
    run(videos[back()]);
    videos[front].pause();
    front = back();
    index += 1;
    report(plan.starts[index], true);
    cueNext();
  }
  function runBoth() {
    both = true;
    run(videos[back()]);
    if (videos[front].paused && !videos[front].ended) run(videos[front]);
    draw(frame);
  }
  function takeOver() {
    if (frame >= last()) return finish();
    videos[front].pause();
    front = back();
    index += 1;
    both = false;
    videos[front].playbackRate = speed;
    draw(frame);
    cueNext();
  }
  // The two that run together are brought in step by playing the later one a little slower or faster.
  function steer() {
    const [old, next] = [pieces[index], pieces[index + 1]], [one, other] = [sourceOf(index), sourceOf(index + 1)];
    const apart = other.picture_start + next.start / other.rate - one.picture_start - old.end / one.rate;
    const drift = videos[back()].currentTime - videos[front].currentTime - apart;
    if (Math.abs(drift) > 0.5) videos[back()].currentTime -= drift;
    const change = Math.abs(drift) * one.rate > 0.25 ? Math.min(Math.max(drift * 5, -0.25), 0.25) : 0;
    videos[back()].playbackRate = speed * (1 - change);
  }
  function finish() {
    const again = events.loops?.() && speed > 0, was = speed;
    goTo(again ? first() : last());
    if (again) play(was);
  }

  function painted(which, meta) {
    const k = which === front ? index : index + 1, piece = pieces[k], source = sourceOf(k);
    if (!piece || !source || cued[which]?.media !== piece.media) return;
    const video = videos[which];
    const n = frameAt(source, source.variable_rate ? video.currentTime : meta.mediaTime);
    seen[which] = n;
    if (which !== front) {
      if (both && speed > 0) steer();
      else if (both) settle();
      return;
    }
    const end = piece.end + (both ? pieces[k + 1].post ?? 0 : 0);
    const inside = n >= piece.start - (piece.pre ?? 0) && n < end;
    if (inside && (!video.seeking || speed === 0)) arrived(plan.starts[k] + n - piece.start, source, meta);
    else if (speed > 0 && n >= end && !video.seeking) leave(n);
  }
  function arrived(n, source, meta) {
    if (speed === 0) return settle(n);
    sought = false;
    const join = plan.starts[index + 1] ?? plan.total, { pre = 0, post = 0 } = pieces[index + 1] ?? {};
    if (!both && pre > 0 && n >= join - pre - 1) whenReady(runBoth);  // it takes a while to begin
    report(n, true);
    const until = both ? join + post : pre > 0 ? Infinity : join;
    if (n < Math.min(until, last() + 1) - 1) return;
    const shownFor = performance.now() - (meta.expectedDisplayTime ?? performance.now());
    clearTimeout(timer);
    if (!both && !overlap() && n < last() && runsOn()) return leave(pieces[index].end);
    timer = setTimeout(onward, Math.max(0, 1000 / (source.rate * speed) - shownFor - 4));
  }
  // A frame that was gone to is there once each video that it takes has painted its own.
  function settle(n = frame) {
    if (sought && n !== frame) return;  // of a step that another one has overtaken
    const there = (which, k) => seen[which] === clamped(sourceOf(k), plan.frameOf(k, n));
    if (both && !(there(front, index) && there(back(), index + 1))) return;
    sought = false;
    report(n, true);
  }
  const runsOn = () => {
    const piece = pieces[index], next = pieces[index + 1];
    return next && next.media === piece.media && next.start === piece.end && !overlap();
  };
  function leave(n) {
    clearTimeout(timer);
    const next = pieces[index + 1];
    if (both || frame >= last() || !runsOn() || n >= next.end) return onward();
    index += 1;  // the film itself goes on: nothing to change
    cueNext();
  }
  async function explain(which) {
    const source = cued[which] && sources[cued[which].media];
    if (!source) return;
    const ask = { headers: { Range: "bytes=0-0" }, cache: "no-store" };
    const answer = await fetch(source.src, ask).catch(() => null);
    if (answer?.status === 403 && refreshed !== source.src) {
      refreshed = source.src;
      events.expired();
      return;
    }
    if (asking[which].failed(answer)) return;
    events.fault(!answer ? "The dashboard does not answer; is it still running?"
      : answer.status === 404 ? "The film is not where it was when it was ingested, or has changed."
      : answer.ok ? "This browser cannot play this film's format: add review proxies with reel ingest --proxies."
      : "The link to this film has expired; reload the page.");
  }

  videos.forEach((video, which) => {
    video.onloadedmetadata = () => {
      if (cued[which]) video.currentTime = cued[which].seconds;
      draw(frame);
    };
    video.onloadeddata = () => { if (which === front) events.fault(""); };
    video.onerror = () => {
      if (!cued[which]) return;
      halt();
      explain(which);
    };
    video.onvolumechange = () => { videos[1 - which].muted = video.muted; };
    video.onended = () => { if (which === front && speed > 0) onward(); };
    const follow = (_now, meta) => {
      video.requestVideoFrameCallback(follow);
      painted(which, meta);
    };
    video.requestVideoFrameCallback(follow);
  });
  const hidden = () => { if (document.hidden) stop(); };
  document.addEventListener("visibilitychange", hidden);

  return {
    load(nextPieces, nextSources, nextShape = null) {
      const failed = videos.some((video) => video.error);
      pieces = nextPieces;
      shape = nextShape;
      sources = failed ? nextSources : keepLinks(sources, nextSources);
      plan = createPlan(pieces);
      index = Math.min(index, Math.max(pieces.length - 1, 0));
      both = both && index + 1 < pieces.length;
      if (failed) goTo(frame);
    },
    close() {
      halt();
      document.removeEventListener("visibilitychange", hidden);
      videos.forEach((video, which) => {
        asking[which].close();
        cued[which] = null;
        video.onvolumechange = null;
        video.removeAttribute("src");
        video.load();  // lets go of the film and of what was decoded of it
      });
      stage.remove();
    },
    goTo, play, stop, finish,
    setRange: (wanted) => { range = wanted; },
    toggle: () => (speed ? stop() : play(1)),
    mute: () => { videos[front].muted = !videos[front].muted; return videos[front].muted; },
    get frame() { return frame; },
    get speed() { return speed; },
    get total() { return plan.total; },
    get index() { return plan.pieceAt(frame); },
  };
}

// A film whose link was only signed anew keeps the old one, so that it is not loaded again.
function keepLinks(before, after) {
  return Object.fromEntries(Object.entries(after).map(([media, source]) => {
    const old = before[media];
    return [media, old && old.identity === source.identity ? { ...source, src: old.src } : source];
  }));
}
