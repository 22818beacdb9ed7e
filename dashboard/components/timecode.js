// Frame numbers as timecode. Shared by the components that show one; see __init__.py.

function timecode(frame, { nominal, drop }) {
  if (drop) {
    const dropped = nominal / 15, minute = nominal * 60 - dropped, ten = minute * 10 + dropped;
    const tens = Math.floor(frame / ten), rest = frame % ten;
    frame += 9 * dropped * tens;
    if (rest >= minute + dropped) frame += dropped * Math.floor((rest - dropped) / minute);
  }
  frame %= nominal * 86400;
  const seconds = Math.floor(frame / nominal), two = (n) => String(n).padStart(2, "0");
  const digits = nominal > 100 ? String(nominal - 1).length : 2;
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((n) => two(Math.floor(n)));
  return clock.join(":") + (drop ? ";" : ":") + String(frame % nominal).padStart(digits, "0");
}
