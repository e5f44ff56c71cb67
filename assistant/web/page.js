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
const go_to = (view) => {
  show_view(view);
  // A plain "#…" would turn into another page: <base> names the root.
  history.replaceState(null, "", location.pathname + location.search + (view === "ask" ? "" : `#${view}`));
  window.scrollTo(0, 0);
  views_shown[view]();
};
on_click(".to-view", (button) => go_to(button.dataset.view));

// Gradio puts our HTML in anew; what has to be done then.
const renewed = [() => show_view(viewed)];
