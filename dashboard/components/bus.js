// How the components of one page talk to each other without asking the server: a channel by name.

function openChannel(name, listen) {
  const channels = (window.reelroomChannels ??= new Map());
  if (!channels.has(name)) channels.set(name, new EventTarget());
  const channel = channels.get(name);
  const heard = (event) => listen(event.detail);
  channel.addEventListener("message", heard);
  channel.listeners = (channel.listeners ?? 0) + 1;
  return {
    say: (detail) => channel.dispatchEvent(new CustomEvent("message", { detail })),
    close: () => {
      channel.removeEventListener("message", heard);
      channel.listeners -= 1;
      if (!channel.listeners) channels.delete(name);
    },
  };
}
