// Plays pieces of films one after another as one video: two video elements, of which one shows the
// present piece while the other already stands on the first frame of the next.
//
// A piece is { media, start, end } in frames of its film; a source { src, rate, picture_start,
// frames, variable_rate }. Frame n is asked for in the middle of its time on screen, and what is
// shown is read back from the presentation time of the frame that the browser painted.

function createReel(stage, events) {
  const videos = [0, 1].map(() => {
    const video = document.createElement("video");
    Object.assign(video, { playsInline: true, preload: "auto", tabIndex: -1 });
    stage.prepend(video);
    return video;
  });
  const cued = [null, null];  // { media, seconds } that each video was asked for
  let pieces = [], sources = {}, starts = [], total = 0;
  let front = 0, index = 0, frame = 0, speed = 0, timer = 0, shuttleId = 0, waiting = false;
  let range = null, refreshed = "", sought = false;

  const rateOf = (piece) => sources[piece.media].rate;
  const secondsOf = (source, n) => source.picture_start + (n + 0.5) / source.rate;
  const frameAt = (source, seconds) => Math.floor((seconds - source.picture_start) * source.rate + 0.01);
  const first = () => (range ? range.start : 0);
  const last = () => (range ? range.end : total) - 1;
  const pieceAt = (n) => {
    let i = starts.length - 1;
    while (i > 0 && starts[i] > n) i -= 1;
    return i;
  };

  function cue(which, media, seconds) {
    const video = videos[which], source = sources[media];
    if (!source) return;
    if (cued[which]?.src !== source.src) {
      cued[which] = { media, seconds, src: source.src };
      video.src = source.src;
    } else {
      cued[which].seconds = seconds;
    }
    if (video.readyState >= 1) video.currentTime = seconds;
  }
  function cueNext() {
    const next = pieces[index + 1];
    if (next) cue(1 - front, next.media, secondsOf(sources[next.media], next.start));
  }
  function raise(which) {
    front = which;
    videos[which].classList.add("front");
    videos[1 - which].classList.remove("front");
  }
  function report(n, painted) {
    frame = n;
    events.frame(n, pieces[index] ? index : 0, painted);
  }
  function goTo(n, { keepPlaying = false } = {}) {
    if (!total) return;
    clearTimeout(timer);
    waiting = false;
    n = Math.min(Math.max(Math.round(n), 0), total - 1);
    if (!keepPlaying) stop();
    const before = index;
    index = pieceAt(n);
    const piece = pieces[index], source = sources[piece.media];
    if (!source) return;
    const other = cued[front]?.src !== source.src && cued[1 - front]?.src === source.src;
    if (other) {
      videos[front].pause();
      raise(1 - front);
    }
    cue(front, piece.media, secondsOf(source, piece.start + n - starts[index]));
    if (index !== before || !cued[1 - front]) cueNext();
    sought = true;
    report(n, false);
  }
  function stop() {
    clearTimeout(timer);
    cancelAnimationFrame(shuttleId);
    waiting = false;
    if (speed !== 0) {
      speed = 0;
      events.state(speed);
    }
    videos.forEach((video) => video.pause());
  }
  function play(wanted) {
    if (!total) return;
    stop();
    speed = wanted;
    events.state(speed);
    if (frame >= last() && speed > 0) goTo(first(), { keepPlaying: true });
    if (range && (frame < range.start || frame >= range.end)) goTo(range.start, { keepPlaying: true });
    if (speed < 0 || speed > 4) return shuttle();
    run(videos[front]);
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
    const from = frame, began = performance.now(), fps = rateOf(pieces[index]);
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
  function onward() {
    if (speed <= 0 || waiting) return;
    if (range && starts[index] + pieces[index].end - pieces[index].start >= range.end) return finish();
    const next = pieces[index + 1];
    if (!next) return finish();
    const back = 1 - front, video = videos[back];
    if (video.readyState >= 2 && !video.seeking) {
      change(back);
      return;
    }
    waiting = true;  // the last frame stands until the next one is there
    videos[front].pause();
    const ready = () => {
      if (!waiting) return;
      if (video.readyState >= 2 && !video.seeking) {
        waiting = false;
        change(back);
      } else {
        timer = setTimeout(ready, 10);
      }
    };
    timer = setTimeout(ready, 10);
  }
  function change(back) {
    run(videos[back]);
    videos[front].pause();
    raise(back);
    index += 1;
    report(starts[index], true);
    cueNext();
  }
  function finish() {
    const again = events.loops?.() && speed > 0, was = speed;
    goTo(again ? first() : last());
    if (again) play(was);
  }
  function painted(which, _now, meta) {
    const piece = pieces[index], video = videos[which];
    video.requestVideoFrameCallback((now, m) => painted(which, now, m));
    if (which === front && piece && sources[piece.media] && cued[which]?.media === piece.media) {
      const source = sources[piece.media];
      const seen = frameAt(source, source.variable_rate ? video.currentTime : meta.mediaTime);
      const inside = seen >= piece.start && seen < piece.end;
      if (inside && (!video.seeking || speed === 0)) arrived(seen, piece, source, meta);
      else if (speed > 0 && seen >= piece.end && !video.seeking) leave(piece, seen);
    }
  }
  function arrived(seen, piece, source, meta) {
    const n = starts[index] + seen - piece.start;
    if (speed === 0 && sought && n !== frame) return;  // of a step that another one has overtaken
    sought = false;
    report(n, true);
    const end = range ? Math.min(piece.end, piece.start + range.end - starts[index]) : piece.end;
    if (speed > 0 && seen >= end - 1) {
      const shownFor = performance.now() - (meta.expectedDisplayTime ?? performance.now());
      clearTimeout(timer);
      if (end === piece.end && runsOn()) return leave(piece, piece.end);
      timer = setTimeout(onward, Math.max(0, 1000 / (source.rate * speed) - shownFor - 4));
    }
  }
  const runsOn = () => {
    const piece = pieces[index], next = pieces[index + 1];
    return next && next.media === piece.media && next.start === piece.end;
  };
  function leave(piece, seen) {
    clearTimeout(timer);
    const next = pieces[index + 1];
    if (!runsOn() || seen >= next.end) return onward();
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
    events.fault(!answer ? "The dashboard does not answer; is it still running?"
      : answer.status === 404 ? "The film is not where it was when it was ingested, or has changed."
      : answer.ok ? "This browser cannot play this film's format: add review proxies with reel ingest --proxies."
      : "The link to this film has expired; reload the page.");
  }

  videos.forEach((video, which) => {
    video.onloadedmetadata = () => {
      if (which === front) events.size?.(video.videoWidth, video.videoHeight);
      if (cued[which]) video.currentTime = cued[which].seconds;
    };
    video.onloadeddata = () => { if (which === front) events.fault(""); };
    video.onerror = () => explain(which);
    video.onvolumechange = () => { videos[1 - which].muted = video.muted; };
    video.onended = () => { if (which === front && speed > 0) onward(); };
    video.requestVideoFrameCallback((now, meta) => painted(which, now, meta));
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
  raise(0);

  return {
    load(nextPieces, nextSources) {
      const failed = videos.some((video) => video.error);
      pieces = nextPieces;
      sources = failed ? nextSources : keepLinks(sources, nextSources);
      let sum = 0;
      starts = pieces.map((piece) => (sum += piece.end - piece.start) - (piece.end - piece.start));
      total = sum;
    },
    goTo, play, stop, finish,
    setRange: (wanted) => { range = wanted; },
    toggle: () => (speed ? stop() : play(1)),
    mute: () => { videos[front].muted = !videos[front].muted; return videos[front].muted; },
    get frame() { return frame; },
    get speed() { return speed; },
    get total() { return total; },
    get index() { return index; },
  };
}

// A film whose link was only signed anew keeps the old one, so that it is not loaded again.
function keepLinks(before, after) {
  return Object.fromEntries(Object.entries(after).map(([media, source]) => {
    const old = before[media];
    return [media, old && old.identity === source.identity ? { ...source, src: old.src } : source];
  }));
}
