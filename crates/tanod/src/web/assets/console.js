// Keys, and words for screen readers. Every page does its work without this file.
"use strict";

const said = (text) => { document.getElementById("said").textContent = text; };
// In the language of the page.
const words = document.getElementById("said")?.dataset ?? {};
const typing = (element) => element.matches("input:not([type=range]), textarea, select");

// One key raises the alarm, and nothing asks again: not a letter, so that no word that somebody types or dictates holds it.
// In a field it only leads to the button; the same key again presses it.
const alarm = (event) => {
  const button = document.querySelector("[data-key=F8]");
  if (!button) return;
  event.preventDefault();
  if (event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])")) {
    button.focus();
    said(words.onceMore);
    return;
  }
  button.click();
  button.disabled = true;
};

const classify = (file, key) => {
  const tick = file.querySelector(`[data-tick="${CSS.escape(key)}"]`);
  if (tick) {
    tick.click();
    said(`${tick.labels[0].textContent.trim()}: ${tick.checked ? words.yes : words.no}`);
    return true;
  }
  const classes = file.querySelector("select[data-class]");
  const at = ["0", "1", "2", "3", "4"].indexOf(key);
  if (!classes || at < 0) return false;
  classes.selectedIndex = at;
  classes.dispatchEvent(new Event("change", { bubbles: true }));
  said(at === 0 ? words.noClass : `${words.class} ${classes.value}`);
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const hidden = document.body.classList.toggle("hidden-at-once");
    said(hidden ? words.hidden : words.back);
    return;
  }
  if (event.key === "F9") {
    event.preventDefault();
    document.querySelector("[data-key=F9]")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "F8" && !event.repeat) {
    alarm(event);
    return;
  }
  // In a file of a report one key gives its class, or ticks what more is known of it; a box in focus does not stand in the way.
  const file = event.target.closest(".editor article");
  if (file && !event.target.matches("textarea, input:not([type=checkbox])") && classify(file, event.key)) {
    event.preventDefault();
    return;
  }
  if (typing(event.target)) return;
  const rows = [...document.querySelectorAll("a.row")];
  const at = rows.indexOf(document.activeElement);
  if (event.key === "j" && rows.length > 0) rows[Math.min(at + 1, rows.length - 1)].focus();
  if (event.key === "k" && rows.length > 0) rows[Math.max(at - 1, 0)].focus();
  if (event.key === "n") document.querySelector("[data-key=n]")?.click();
  if (event.key === "/" && document.getElementById("q")) {
    event.preventDefault();
    document.getElementById("q").focus();
  }
  if (event.key === "t") document.querySelector("[data-key=t]")?.click();
  const upload = document.activeElement.closest("article") ?? document.querySelector("article.upload");
  if (event.key === "v") upload?.querySelector("a.veil")?.click();
  if (event.key === "e") upload?.querySelector("a.edges")?.click();
  if (event.key === "h" && !event.repeat) reveal(upload?.querySelector("figure"));
});

// Seen while a key or a button is held, and not a moment longer. Each time is a look on record, and no viewing of the whole.
const reveal = (figure) => {
  const veiled = figure?.querySelector("img");
  if (!veiled || !figure.classList.contains("veiled") || figure.querySelector(".glimpse")) return;
  const seen = new Image();
  seen.className = "glimpse";
  seen.alt = veiled.alt;
  seen.src = `${figure.dataset.picture}?veiled=false&glimpse=true`;
  veiled.hidden = true;
  veiled.after(seen);
  said(words.held);
};
const cover = () => {
  for (const seen of document.querySelectorAll(".glimpse")) {
    seen.previousElementSibling.hidden = false;
    seen.remove();
    said(words.veil);
  }
};
addEventListener("keyup", cover);
addEventListener("blur", cover);
for (const ending of ["pointerup", "pointercancel"]) addEventListener(ending, cover);
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest("[data-hold]")) reveal(event.target.closest("figure"));
});
document.addEventListener("keydown", (event) => {
  if (event.target.matches?.("[data-hold]") && (event.key === " " || event.key === "Enter") && !event.repeat) {
    event.preventDefault();
    reveal(event.target.closest("figure"));
  }
});

// The veil can be made thicker, never thinner than it came.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-veil]")) return;
  const figure = event.target.closest("figure");
  figure.querySelector("img").src = `${figure.dataset.picture}?veiled=true&veil=${event.target.value}`;
});
const tools = (place) => {
  for (const tool of place.querySelectorAll("[data-hold], .thick")) tool.hidden = false;
};
tools(document);

// What was swapped keeps the focus, and says what happened.
document.addEventListener("htmx:load", (event) => {
  const figure = event.detail.elt;
  if (!figure.matches?.("figure")) return;
  tools(figure);
  figure.querySelector("a.veil")?.focus();
  said(figure.classList.contains("whole") ? words.whole : words.veil);
});

// A picture that has come whole may be stated to be viewed. Load events do not rise, so they are caught on the way down.
document.addEventListener("load", (event) => {
  const picture = event.target;
  const item = picture.dataset?.item;
  const box = item && document.querySelector(`input[name=viewed_whole][value="${item}"]`);
  if (!box) return;
  // What has only just come was not viewed.
  setTimeout(() => {
    if (!picture.isConnected) return;
    box.disabled = false;
    box.parentElement.querySelector("span")?.remove();
  }, Number(picture.dataset.least ?? 0) * 1000);
}, true);

document.getElementById("fault")?.focus();

// Deadlines go on counting, in the words that the page came with.
const count = () => {
  for (const time of document.querySelectorAll("[data-count] time.left")) {
    const minutes = Math.trunc((Date.parse(time.dateTime) - Date.now()) / 60_000);
    const over = Date.parse(time.dateTime) <= Date.now();
    const [h, m] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    const forms = time.closest("[data-count]").dataset.count.split("|");
    time.textContent = forms[(over ? 2 : 0) + (h > 0 ? 0 : 1)].replace("{h}", h).replace("{m}", m);
    time.classList.toggle("passed", over);
  }
};
setInterval(count, 15_000);

// Nobody at the desk: everything goes from the screen at once, and the session is shut as if somebody had locked it.
const idle = Number(document.querySelector("[data-idle]")?.dataset.idle ?? 0) * 1000;
if (idle > 0) {
  let touched = Date.now();
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  setInterval(() => {
    if (Date.now() - touched < idle) return;
    document.body.hidden = true;
    location.replace(`/console/presence?to=${encodeURIComponent(location.pathname + location.search)}`);
  }, 1000);
}

// What changes while somebody looks: the page asks again at once instead of at its time. Without this it does so later.
const live = document.querySelector("[data-live]")?.dataset.live;
if (live && globalThis.EventSource) {
  const events = new EventSource(live);
  for (const name of ["cases", "reports"]) events.addEventListener(name, () => document.body.dispatchEvent(new Event(`live-${name}`)));
  events.addEventListener("lease", ({ data }) => {
    if (location.pathname === `/console/cases/${data}`) said(words.lost);
  });
  events.addEventListener("shut", () => {
    events.close();
    location.replace(`/console/presence?to=${encodeURIComponent(location.pathname + location.search)}`);
  });
}
