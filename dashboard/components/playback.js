// What each frame of a cut shows and sounds like: pure arithmetic over its pieces, the same that the
// render does. At a join two pieces run beside each other, from `pre` frames before it to `post`
// after it; the earlier one is then the one that is counted by.

function createPlan(pieces) {
  let total = 0;
  const starts = pieces.map((piece) => (total += piece.end - piece.start) - (piece.end - piece.start));
  const lengthOf = (k) => pieces[k].end - pieces[k].start;

  function pieceAt(n) {
    let low = 0, high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= n) low = middle; else high = middle - 1;
    }
    return low;
  }
  // The piece that frame `n` of the cut is counted by, and whether the next one runs beside it.
  function locate(n) {
    const k = pieceAt(n), next = pieces[k + 1];
    if (k > 0 && n < starts[k] + (pieces[k].post ?? 0)) return { index: k - 1, both: true };
    return { index: k, both: Boolean(next) && n >= starts[k + 1] - (next.pre ?? 0) };
  }
  const frameOf = (k, n) => pieces[k].start + n - starts[k];

  // How much of the picture is the later piece's, 0 to 1, where `k` and the next run together.
  function share(k, n) {
    const join = starts[k + 1], dissolve = pieces[k + 1].dissolve;
    const since = dissolve ? n - (join - dissolve[0]) : -1, frames = dissolve ? dissolve[0] + dissolve[1] : 0;
    if (since >= 0 && since < frames) return (since + 1) / (frames + 1);
    return n >= join ? 1 : 0;
  }
  // The light that dips leave, 0 (black) to 1.
  function light(n) {
    const k = pieceAt(n);
    for (const join of [k, k + 1]) {
      const dip = pieces[join]?.dip;
      const since = dip ? n - (starts[join] - dip[0]) : -1;
      if (since < 0 || since >= dip[0] + dip[1]) continue;
      return since < dip[0] ? (dip[0] - 1 - since) / dip[0] : (since - dip[0]) / dip[1];
    }
    return 1;
  }
  // The piece that is heard, of `k` and the next one.
  const heard = (k, n, both) => (both && n >= starts[k + 1] - (pieces[k + 1].lead ?? 0) ? k + 1 : k);

  // The middle of what a piece shows, as shares of its picture; it goes on so beyond its ends.
  function middle(k, n) {
    const window = pieces[k].window, last = lengthOf(k) - 1;
    if (!window) return [0.5, 0.5];
    const along = last > 0 ? (n - starts[k]) / last : 0;
    return [0, 1].map((axis) => window[0][axis] + (window[1][axis] - window[0][axis]) * along);
  }
  return { starts, total, pieceAt, locate, frameOf, share, light, heard, middle };
}

// Where a picture that is `wide` heights wide lies under a window of another shape, so that it fills
// it about a middle: left, top, width and height as shares of the window.
function cropped(wide, shape, [x, y]) {
  const width = Math.max(1, wide / shape), height = Math.max(1, shape / wide);
  const corner = (whole, share) => Math.min(Math.max(whole * share - 0.5, 0), whole - 1);
  return { left: -corner(width, x), top: -corner(height, y), width, height };
}
