// A video that stands and does not show what it was asked for is asked again. A browser may leave
// out the callback of a frame that it painted (they are made as well as it can), above all while a
// page is being built; and what it loads may stall or break off.

const LOST = 400, STALLED = 8000;  // milliseconds without any sign of a video
const TRIES = 3;

// `wanted()` gives the seconds that a video was asked for, or null; `shown()` whether it painted them;
// `frame()` how long a frame lasts. Asked for the very time at which it stands a browser paints
// nothing, so it is asked for another instant of the same frame.
function keepAsking(video, { wanted, shown, frame }) {
  let timer = 0, tries = 0, heard = 0;
  const listen = () => { heard = performance.now(); };
  const signs = ["progress", "loadedmetadata", "loadeddata", "seeked"];
  signs.forEach((sign) => video.addEventListener(sign, listen));

  function look() {
    timer = 0;
    if (wanted() === null || shown() || video.error || !video.paused || tries === TRIES) return;
    const silent = performance.now() - heard, there = video.readyState >= 2 && !video.seeking;
    const loading = video.readyState < 2 && video.networkState === HTMLMediaElement.NETWORK_LOADING;
    if ((there && silent > LOST && !document.hidden) || (loading && silent > STALLED)) {
      tries += 1;
      listen();
      if (there) video.currentTime = wanted() + (tries % 2) * 0.2 * frame(); else video.load();
    }
    timer = setTimeout(look, LOST);
  }
  return {
    // It was asked for something else.
    asked() {
      tries = 0;
      listen();
      timer ||= setTimeout(look, LOST);
    },
    // It failed with an answer of the server as `fetch` gives it, null if there was none; says
    // whether it is loaded again.
    failed(answer) {
      const passing = !answer || answer.ok || answer.status >= 500;
      if (!passing || tries === TRIES) return false;
      tries += 1;
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = 0;
        if (wanted() === null || !video.error) return;
        video.load();
        listen();
        timer = setTimeout(look, LOST);
      }, 300 * tries * tries);
      return true;
    },
    close() {
      clearTimeout(timer);
      signs.forEach((sign) => video.removeEventListener(sign, listen));
    },
  };
}
