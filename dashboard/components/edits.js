// Changes that a page asks for, sent one after the other: each when the page has answered the one
// before, and again where no answer comes. The page makes a change once however often it hears of it.

const EDIT_PATIENCE = 4000;  // milliseconds

function openOutbox(name) {
  if (!window.reelroomOutboxes) window.addEventListener("beforeunload", holdBack);
  const boxes = (window.reelroomOutboxes ??= new Map());
  if (!boxes.has(name)) boxes.set(name, createOutbox());
  return boxes.get(name);
}

// A page that is left or loaded anew would forget what it has not sent: the browser asks first.
function holdBack(event) {
  if ([...window.reelroomOutboxes.values()].some((box) => box.busy)) event.preventDefault();
}

function createOutbox() {
  const sender = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 12)}`;
  const triggers = new Map();  // of each component that sends, by its name
  let number = 0, waiting = [], sent = null, timer = 0;

  function deliver() {
    const trigger = triggers.get(sent.who);
    timer = 0;
    if (!trigger) return;  // its component is gone from the page: until it is back
    trigger("edit", sent.edit);
    timer = setTimeout(deliver, EDIT_PATIENCE);
  }
  function next() {
    if (sent) return;  // which is sent again if no answer comes
    clearTimeout(timer);
    timer = 0;
    if (!waiting.length) return;
    sent = waiting.shift();
    deliver();
  }
  return {
    // Called at each answer of the page: with how it can be told, and what it has heard.
    answered(who, trigger, numbers) {
      triggers.set(who, trigger);
      if (sent && (numbers?.[sender] ?? 0) >= sent.edit.number) sent = null;
      if (!sent) next();
      else if (!timer && sent.who === who) deliver();
    },
    send(who, edit) {
      number += 1;
      waiting.push({ who, edit: { ...edit, sender, number } });
      next();
    },
    leave(who) { triggers.delete(who); },
    get busy() { return sent !== null; },
  };
}
