// A sheet of shots: a thumbnail each, with a few lines of text. Choosing one tells the page.

const chosen = new WeakMap();  // of each sheet, the choice that the page has not answered yet
const PATIENCE = 5000;  // milliseconds

export default function ({ parentElement, data, setTriggerValue }) {
  const sheet = parentElement.querySelector(".sheet");
  sheet.classList.toggle("strip", data.layout === "strip");
  sheet.setAttribute("aria-label", data.label);
  sheet.style.setProperty("--card", `${data.card_width}px`);
  const old = new Map([...sheet.children].map((card) => [card.dataset.identity, card]));
  const shows = data.selected !== null;  // whether one of the cards is marked as chosen at all
  const kept = chosen.get(parentElement), there = data.cards.some((card) => card.key === kept?.key);
  const late = shows && there && kept.key !== data.selected && performance.now() - kept.since < PATIENCE;
  if (!late) chosen.delete(parentElement);
  const selectedKey = late ? kept.key : data.selected;  // the page may answer an earlier choice
  sheet.replaceChildren(...data.cards.map((card) => {
    const element = old.get(card.identity) ?? createCard(card);
    fill(element, card, card.key === selectedKey);
    element.onclick = () => {
      chosen.set(parentElement, { key: card.key, since: performance.now() });
      if (shows) [...sheet.children].forEach((one) => one.setAttribute("aria-selected", String(one === element)));
      setTriggerValue("chosen", card.key);
    };
    return element;
  }));
  const selected = sheet.querySelector('[aria-selected="true"]');
  if (selected && sheet.dataset.shown !== selected.dataset.identity) {
    const behind = selected.offsetLeft - sheet.offsetLeft;
    if (data.layout === "strip") sheet.scrollTo({ left: behind - sheet.clientWidth / 3 });
    sheet.dataset.shown = selected.dataset.identity;
  }
}

function createCard(card) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "card";
  element.dataset.identity = card.identity;
  element.setAttribute("role", "option");
  element.innerHTML = `<div class="picture"><img loading="lazy" decoding="async" alt="">
    <span class="mark left"></span><span class="mark right"></span></div>
    <div class="text"><div class="head"></div></div>`;
  element.querySelector("img").src = card.src;
  return element;
}

function fill(element, card, selected) {
  element.setAttribute("aria-selected", String(selected));
  for (const [selector, text] of [[".left", card.left], [".right", card.right]]) {
    const mark = element.querySelector(selector);
    mark.textContent = text;
    mark.hidden = !text;
  }
  element.querySelector(".head").textContent = card.head;
  const text = element.querySelector(".text");
  text.querySelectorAll(".line").forEach((line) => line.remove());
  for (const line of card.lines) {
    const row = document.createElement("div");
    row.className = "line";
    row.textContent = line;
    row.title = line;
    text.append(row);
  }
}
