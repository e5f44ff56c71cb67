// What both views need. All scripts share one strict scope (page.py wraps them).
"use strict";

// Gradio's page says lang="en" whatever it shows.
const german = (navigator.languages || [navigator.language]).map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "de" || tag === "en") === "de";
document.documentElement.lang = german ? "de" : "en";

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const show = (element, block) => element.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block });
const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
const on_click = (selector, act) =>
  document.addEventListener("click", (event) => {
    const element = closest(event, selector);
    if (element) act(element, event);
  });

// Asks a handler: view "ask" or "shelf"; kind "act" is answered at once, "ask" as it goes.
const send = (view, action, kind = "act") => {
  document.querySelector(`#${view}-channel .html-container > div`)?.dispatchEvent(new CustomEvent(kind, { detail: action }));
};

// The two views; which one is shown is in the address, so that a reload keeps it.
const views_shown = { ask: () => {}, library: () => {} };
let viewed = "ask";
const show_view = (view) => {
  viewed = view;
  document.getElementById("ask")?.toggleAttribute("data-away", view !== "ask");
  document.getElementById("library")?.toggleAttribute("data-shown", view === "library");
  for (const button of document.querySelectorAll(".masthead .to-view")) {
    if (button.dataset.view === view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
};
// Which conversation is open, and which view, is in the address, so that a reload keeps it and Back returns to it. A plain "#…" would turn into
// another page: <base> names the root.
const at_place = (place) => location.pathname + location.search + place;
const opened_now = () => document.querySelector(".rail")?.dataset.open ?? "";
let bound_for = null; // the conversation that Back, Forward or a typed address asked for, until it is there
const keep_place = () => {
  if (bound_for !== null && bound_for !== opened_now()) return;
  bound_for = null;
  const place = viewed === "library" ? "#library" : opened_now() ? `#c=${opened_now()}` : "";
  if (location.hash !== place) history.pushState(null, "", at_place(place));
};
const come_to = (view) => {
  show_view(view);
  window.scrollTo(0, 0);
  views_shown[view]();
};
const go_to = (view) => {
  bound_for = null;
  come_to(view);
  keep_place();
};
// Back, Forward, and an address that was changed by hand.
window.addEventListener("popstate", () => {
  if (reader.open) reader.close();
  const { hash } = location;
  if (hash !== "" && hash !== "#library" && !hash.startsWith("#c=")) return history.replaceState(null, "", at_place(viewed === "library" ? "#library" : opened_now() ? `#c=${opened_now()}` : ""));
  const view = hash === "#library" ? "library" : "ask";
  if (view !== viewed) come_to(view);
  if (view === "library") return;
  const wanted = hash.slice(3);
  bound_for = wanted === opened_now() ? null : wanted;
  if (bound_for !== null) send("ask", wanted ? { do: "open", id: wanted } : { do: "new" });
});
on_click(".to-view", (button) => go_to(button.dataset.view));

// Gradio puts our HTML in anew; what has to be done then.
const renewed = [() => show_view(viewed)];

// A small window beside a word or a marker: shown on hover and focus, stays while the pointer is in it, goes on Escape.
const beside = document.createElement("div");
beside.className = "beside";
beside.id = "beside";
beside.setAttribute("role", "tooltip");
beside.popover = "manual"; // above dialogs too
document.body.append(beside);
let beside_of = null;
let beside_timer = 0;
const hide_beside = () => {
  clearTimeout(beside_timer);
  beside_of?.removeAttribute("aria-describedby");
  beside_of = null;
  if (beside.matches(":popover-open")) beside.hidePopover();
};
// What the keyboard brought up stays when the pointer happens to leave it.
const hide_beside_soon = () => {
  clearTimeout(beside_timer);
  beside_timer = setTimeout(() => { if (!beside_of?.matches(":focus-visible")) hide_beside(); }, 180);
};
const show_beside = (element, filled) => {
  clearTimeout(beside_timer);
  if (beside_of === element) return;
  hide_beside();
  beside.replaceChildren(...filled);
  beside.scrollTop = 0;
  beside.showPopover();
  beside_of = element;
  element.setAttribute("aria-describedby", "beside");
  place_beside();
};
const place_beside = () => {
  const at = beside_of.getClientRects()[0] ?? beside_of.getBoundingClientRect();
  if (!beside_of.isConnected || at.bottom < 0 || at.top > innerHeight) return hide_beside();
  const size = beside.getBoundingClientRect();
  const above = at.bottom + 8 + size.height > innerHeight && at.top > size.height + 8;
  beside.style.top = `${above ? at.top - size.height - 6 : Math.min(at.bottom + 6, innerHeight - size.height - 6)}px`;
  beside.style.left = `${Math.max(12, Math.min(at.left - 8, innerWidth - size.width - 12))}px`;
};
beside.addEventListener("mouseenter", () => clearTimeout(beside_timer));
beside.addEventListener("mouseleave", hide_beside_soon);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !beside_of) return;
  hide_beside();
  event.stopPropagation();
  event.preventDefault();
}, true);
document.addEventListener("scroll", (event) => { if (beside_of && event.target !== beside) place_beside(); }, { capture: true, passive: true });

// HTML that our own server made, in which everything from outside is escaped.
const nodes = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.childNodes];
};

// A whole article in a window at the side. quotes: [{start, end, number}]; at: the start of the one to scroll to.
const reader = document.createElement("dialog");
reader.className = "reader";
reader.setAttribute("aria-labelledby", "reader-title");
reader.innerHTML = `<div class="reader-bar"><button type="button" class="reader-close" aria-label="${german ? "Schließen" : "Close"}">×</button></div><div class="reader-body" tabindex="-1"></div>`;
document.body.append(reader);
let reading = 0;
const open_article = async ({ id, version = "", quotes = [], at = null }) => {
  const turn = ++reading;
  const listed = quotes.map((quote) => `${quote.start}-${quote.end}${quote.number ? `:${quote.number}` : ""}`).join(",");
  const body = reader.querySelector(".reader-body");
  let html;
  try {
    const response = await fetch(`look/article?${new URLSearchParams({ id, version, quotes: listed })}`);
    html = await response.text();
  } catch {
    html = `<p class="notice" role="alert">${german ? "Fundstelle antwortet nicht. Läuft es noch?" : "Fundstelle does not answer. Is it still running?"}</p>`;
  }
  if (turn !== reading) return;
  hide_beside();
  reader.removeAttribute("data-whole");
  body.replaceChildren(...nodes(html));
  body.scrollTop = 0;
  if (!reader.open) {
    reader.showModal();
    history.pushState({ reading: true }, ""); // so that Back closes it
  }
  const mark = at === null ? null : document.getElementById(`reader-${at}`);
  if (mark) {
    mark.classList.add("here");
    if (mark.getBoundingClientRect().bottom > innerHeight * 0.8) mark.scrollIntoView({ block: "center" });
    mark.focus({ preventScroll: true });
  } else body.focus();
};
reader.addEventListener("click", (event) => {
  if (event.target === reader || closest(event, ".reader-close")) reader.close();
});
reader.addEventListener("close", () => {
  if (history.state?.reading) history.back();
});
on_click(".show-furniture", (button) => {
  const whole = reader.toggleAttribute("data-whole");
  button.setAttribute("aria-pressed", String(whole));
});

// Gradio says in English, over the head of the page, what goes wrong between them (and loads the page anew once its server is back). Here the
// reader is told, in the place for that.
const trouble = document.createElement("p");
trouble.className = "toast trouble";
trouble.setAttribute("role", "alert");
document.body.append(trouble);
renewed.push(() => {
  const told = document.querySelector("[data-testid=toast-text]")?.textContent ?? "";
  const said = !told ? "" : /connection/i.test(told)
    ? (german ? "Fundstelle antwortet nicht. Läuft es noch? Sobald es wieder da ist, lädt sich diese Seite neu; was Sie getippt haben, bleibt." : "Fundstelle does not answer. Is it still running? Once it is back, this page loads itself anew; what you typed stays.")
    : (german ? "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal." : "That did not work. Please try again.");
  if (trouble.textContent !== said) trouble.textContent = said;
});

// What is said in passing goes by itself.
let said_timer = 0;
let said_last = null;
renewed.push(() => {
  const toast = document.querySelector("#status .toast");
  if (!toast || toast === said_last) return;
  said_last = toast;
  clearTimeout(said_timer);
  said_timer = setTimeout(() => toast.remove(), 8000);
});
