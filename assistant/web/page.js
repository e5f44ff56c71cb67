() => {
  "use strict";
  // Gradio's page says lang="en" whatever it shows.
  const german = (navigator.languages || [navigator.language]).map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "de" || tag === "en") === "de";
  document.documentElement.lang = german ? "de" : "en";

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const show = (element, block) => element.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block });

  // A marker brings up its card. Followed as a plain link, <base> would turn "#card" into another page once there is a query string.
  document.addEventListener("click", (event) => {
    const marker = event.target instanceof Element ? event.target.closest("a.marker") : null;
    if (!marker) return;
    event.preventDefault();
    const card = document.getElementById(marker.getAttribute("href").slice(1));
    if (!card) return;
    show(card, "nearest");
    card.focus({ preventScroll: true });
  });

  // "Ask again without it" presses the button that Gradio knows.
  document.addEventListener("click", (event) => {
    const offer = event.target instanceof Element ? event.target.closest("#current .take-back") : null;
    if (offer) document.getElementById(`without-${offer.dataset.without}`)?.click();
  });

  // Gradio gives its text box and send button no name, and does not say whether the drawer is open.
  const name_controls = () => {
    const drawer = document.querySelector("#add > button");
    const open = drawer && drawer.nextElementSibling.style.display !== "none";
    if (drawer && drawer.getAttribute("aria-expanded") !== String(open)) drawer.setAttribute("aria-expanded", String(open));
    const box = document.querySelector("#composer textarea");
    if (box && !box.getAttribute("aria-label")) box.setAttribute("aria-label", box.placeholder);
    const send = document.querySelector("#composer .submit-button");
    if (send && !send.getAttribute("aria-label")) send.setAttribute("aria-label", german ? "Fragen" : "Ask");
  };

  // A new question comes to the top, so that its answer is read from the start.
  let latest = "";
  const follow = () => {
    name_controls();
    const exchange = document.querySelector("#current .exchange");
    const id = exchange ? exchange.id : "";
    if (id === latest) return;
    latest = id;
    if (exchange && id !== "question-1") show(exchange, "start");
  };
  new MutationObserver(follow).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] });
  follow();
}
