// The Ask view.

const exchange_of = (element) => element.closest(".exchange");
const position_of = (element) => Number(exchange_of(element).id.replace("question-", "")) - 1;
const busy = () => Boolean(document.querySelector("#current .exchange[aria-busy=true]"));

// One answer is selected: its evidence is shown. A new question selects itself, and comes to the top so that its answer is read from the start.
let selected = "";
let latest = "";
let active = "";
const mark_selected = () => {
  for (const exchange of document.querySelectorAll(".exchange")) {
    if (exchange.hasAttribute("data-selected") !== (exchange.id === selected)) exchange.toggleAttribute("data-selected", exchange.id === selected);
  }
  for (const citation of document.querySelectorAll(".citation")) {
    if (citation.hasAttribute("data-active") !== (citation.id === active)) citation.toggleAttribute("data-active", citation.id === active);
  }
  for (const marker of document.querySelectorAll("a.marker")) {
    const current = active !== "" && marker.getAttribute("href") === `#${active}`;
    if (current !== marker.hasAttribute("aria-current")) current ? marker.setAttribute("aria-current", "true") : marker.removeAttribute("aria-current");
  }
};
const select = (exchange) => {
  if (selected === exchange.id) return;
  selected = exchange.id;
  active = "";
  mark_selected();
};
renewed.push(() => {
  const exchange = document.querySelector("#current .exchange");
  const id = exchange ? exchange.id : "";
  if (id !== latest) {
    latest = selected = id;
    active = "";
    if (exchange && id !== "question-1") show(exchange, "start");
  } else if (exchange && exchange.getAttribute("aria-busy") === "true" && selected !== id) selected = id;
  mark_selected();
});

// A marker brings up its quote. Followed as a plain link, <base> would turn "#card" into another page once there is a query string.
const bring_up = (card, { focus }) => {
  select(exchange_of(card));
  active = card.id;
  mark_selected();
  show(card, "nearest");
  if (focus) card.focus({ preventScroll: true });
};
on_click("a.marker", (marker, event) => {
  event.preventDefault();
  const card = document.getElementById(marker.getAttribute("href").slice(1));
  if (!card) return;
  hide_beside();
  bring_up(card, { focus: true });
});
on_click(".citation", (card, event) => {
  if (closest(event, "button, a, .word")) return;
  active = card.id;
  mark_selected();
});
// The number of a quote, or Escape in it, leads back to where it is cited.
const back_to_answer = (card) => {
  const marker = exchange_of(card).querySelector(`a.marker[href="#${card.id}"]`);
  if (!marker) return;
  show(marker, "nearest");
  marker.focus({ preventScroll: true });
};
on_click(".citation .number", (button) => back_to_answer(button.closest(".citation")));
document.addEventListener("keydown", (event) => {
  const card = event.key === "Escape" && closest(event, ".citation");
  if (card) back_to_answer(card);
});
on_click("#past .exchange:not([data-selected])", (exchange, event) => {
  if (!closest(event, "button, a, form") && !String(getSelection())) select(exchange);
});

on_click(".to-evidence", (button) => {
  const exchange = exchange_of(button);
  select(exchange);
  const evidence = exchange.querySelector(".evidence");
  if (!evidence) return;
  evidence.tabIndex = -1;
  evidence.focus({ preventScroll: true });
  show(evidence, "nearest");
});
// What is in the library may be something else since.
views_shown.ask = () => send("ask", { do: "greet" });

// Hovering or focusing a marker shows its quote.
const quote_of = (marker) => {
  const card = document.getElementById(marker.getAttribute("href").slice(1));
  if (!card) return null;
  const said = document.createElement("p");
  said.className = "said";
  const blockquote = card.querySelector("blockquote");
  said.lang = blockquote.lang;
  said.dir = "auto";
  said.append(...[...card.querySelector(".quote").cloneNode(true).childNodes]);
  for (const word of said.querySelectorAll(".word")) word.replaceWith(word.textContent);
  const where = card.closest(".card").querySelector(".where").cloneNode(true);
  const translation = card.querySelector(".translation")?.cloneNode(true);
  return [said, ...(translation ? [translation] : []), where];
};
const reveal = (event) => {
  const marker = closest(event, "a.marker");
  const filled = marker && quote_of(marker);
  if (filled) show_beside(marker, filled);
};
document.addEventListener("mouseover", reveal);
document.addEventListener("focusin", (event) => {
  if (event.target instanceof Element && event.target.matches("a.marker:focus-visible")) reveal(event);
});
for (const name of ["mouseout", "focusout"]) {
  document.addEventListener(name, (event) => { if (closest(event, "a.marker, .word")) hide_beside_soon(); });
}

// Articles open at the quote, with every quote of the same answer.
on_click(".open-article", (button) => {
  if (!button.dataset.quote) {
    const { article, version, start, end } = button.dataset;
    if (article) open_article({ id: article, version, quotes: [{ start, end }], at: start });
    return;
  }
  const card = button.closest(".card");
  const here = card.querySelector(".citation[data-active]") ?? document.getElementById(button.dataset.quote);
  const { article, version } = here.dataset;
  const quotes = [...exchange_of(button).querySelectorAll(".citation")]
    .filter((one) => one.dataset.article === article && one.dataset.version === version)
    .map((one) => ({ start: one.dataset.start, end: one.dataset.end, number: one.querySelector(".number").textContent }));
  open_article({ id: article, version, quotes, at: here.dataset.start });
});

// The words of a foreign quote: looked up once, when the reader first comes near.
const looked_up = new Map();
const look_up = (citation) => {
  const { article, version, start, end } = citation.dataset;
  const key = [article, version, start, end].join("\n");
  if (!looked_up.has(key)) {
    const query = new URLSearchParams({ id: article, version, start, end });
    looked_up.set(key, fetch(`look/words?${query}`).then((response) => response.json()).catch(() => { looked_up.delete(key); return null; }));
  }
  return looked_up.get(key);
};
const spell_out = async (citation) => {
  const quote = citation.querySelector(".quote");
  if (quote.entries) return quote;
  const found = await look_up(citation);
  if (!found || quote.entries) return quote;
  quote.entries = found.entries;
  if (found.entries.length) {
    quote.replaceChildren(...nodes(found.quote));
    const first = quote.querySelector(".word");
    if (first) first.tabIndex = 0;
  }
  if (found.note && !citation.querySelector(".no-words")) {
    const note = document.createElement("span");
    note.className = "no-words";
    note.textContent = found.note;
    citation.querySelector(".look-up")?.replaceWith(note);
  }
  return quote;
};
const show_word = (word) => {
  const entry = word.closest(".quote").entries?.[Number(word.dataset.entry)];
  if (entry) show_beside(word, nodes(entry));
};
document.addEventListener("mouseover", (event) => {
  const word = closest(event, ".word");
  if (word) show_word(word);
  else {
    const quote = closest(event, ".citation[data-foreign] .quote");
    if (quote && !quote.entries) spell_out(quote.closest(".citation"));
  }
});
document.addEventListener("focusin", (event) => {
  if (event.target instanceof Element && event.target.matches(".word")) show_word(event.target);
});
on_click(".word", (word) => { word.focus(); show_word(word); });
on_click(".citation[data-foreign] .quote", (quote) => { if (!quote.entries) spell_out(quote.closest(".citation")); });
on_click(".look-up", async (button) => {
  const quote = await spell_out(button.closest(".citation"));
  quote.querySelector(".word")?.focus();
});
document.addEventListener("keydown", (event) => {
  const word = closest(event, ".word");
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!word || !step) return;
  const words = [...word.closest(".quote").querySelectorAll(".word")];
  const next = words[words.indexOf(word) + step];
  event.preventDefault();
  if (!next) return;
  word.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

// A double click, or a key that bounces, asks once.
let sent = { question: "", at: 0 };
const bounces = (question) => {
  const at = performance.now(), again = question === sent.question && at - sent.at < 700;
  if (!again) sent = { question, at };
  return again;
};
const drop_if_bounced = (event) => {
  if (!bounces(document.querySelector("#composer textarea").value)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && closest(event, "#composer textarea")) drop_if_bounced(event);
}, true);
document.addEventListener("click", (event) => { if (closest(event, "#composer .submit-button")) drop_if_bounced(event); }, true);
document.addEventListener("input", (event) => { if (closest(event, "#composer textarea")) sent = { question: "", at: 0 }; });

// What can be done with an answer.
on_click(".suggestion", ({ dataset: { question } }) => { if (!busy() && !bounces(question)) send("ask", { question }, "ask"); });
on_click("#current .take-back", (button) => { if (!busy()) send("ask", { without: button.dataset.without }, "ask"); });
const copied = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not offered to a page beyond this machine without TLS
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
};
const tools = {
  copy: async (button) => {
    await copied(exchange_of(button).querySelector(".as-markdown").textContent);
    button.toggleAttribute("data-done", true);
    setTimeout(() => button.removeAttribute("data-done"), 1600);
  },
  retry: () => { if (!busy()) send("ask", { do: "again" }, "ask"); },
  edit: () => {
    if (busy()) return;
    send("ask", { do: "edit" });
    document.querySelector("#composer textarea")?.focus();
  },
  "cancel-edit": () => send("ask", { do: "cancel-edit" }),
  up: (button) => judge(button, "up"),
  down: (button) => judge(button, "down"),
  "clear-filters": () => send("ask", { do: "filter", language: "", source: "", since: "", until: "" }),
  new: () => send("ask", { do: "new" }),
};
on_click("[data-tool]", (button) => tools[button.dataset.tool]?.(button));
// What was judged stays pressed, however often gradio puts the answer in anew as it was before; a conversation that is opened says it itself.
const judged = new Map();
const judged_as = (exchange) => `${location.hash} ${exchange.id} ${exchange.querySelector(".as-markdown")?.textContent}`;
const press = (exchange, verdict) => {
  for (const one of exchange.querySelectorAll(".tools [aria-pressed]")) {
    const pressed = String(one.dataset.tool === verdict);
    if (one.getAttribute("aria-pressed") !== pressed) one.setAttribute("aria-pressed", pressed);
  }
};
renewed.push(() => {
  if (judged.size) for (const exchange of document.querySelectorAll(".exchange:has(.as-markdown)")) {
    const verdict = judged.get(judged_as(exchange));
    if (verdict !== undefined) press(exchange, verdict);
  }
});
const judge = (button, verdict) => {
  const exchange = exchange_of(button), taken_back = button.getAttribute("aria-pressed") === "true";
  judged.set(judged_as(exchange), taken_back ? "" : verdict);
  press(exchange, taken_back ? "" : verdict);
  send("ask", { do: "feedback", position: position_of(button), verdict: taken_back ? "" : verdict, note: "" });
  const form = exchange.querySelector(".feedback-note");
  form.hidden = taken_back;
  form.dataset.verdict = verdict;
  if (verdict === "down" && !taken_back) form.querySelector("input").focus(); // who is content has nothing to explain
};
document.addEventListener("submit", (event) => {
  const form = closest(event, ".feedback-note");
  if (!form) return;
  event.preventDefault();
  const note = form.querySelector("input").value.trim();
  if (note) send("ask", { do: "feedback", position: position_of(form), verdict: form.dataset.verdict, note });
  form.hidden = true;
});

// The kept conversations. The address follows which one is open, once the page has said so.
let opened = null;
renewed.push(() => {
  const rail = document.querySelector(".rail");
  if (!rail) return;
  const title = rail.querySelector("[aria-current]")?.textContent;
  const called = title ? `${title} – Fundstelle` : "Fundstelle";
  if (document.title !== called) document.title = called;
  if (bound_for !== null && rail.dataset.missed === bound_for) {
    bound_for = null; // the conversation that was asked for is not there any more
    history.replaceState(null, "", at_place(opened_now() ? `#c=${opened_now()}` : ""));
  }
  if (rail.dataset.open === opened) return;
  const first = opened === null;
  opened = rail.dataset.open;
  sessionStorage.setItem("conversation", opened);
  const exchange = document.querySelector("#current .exchange");
  latest = selected = exchange?.id ?? "";
  mark_selected();
  if (first && location.hash.startsWith("#c=") && !opened) history.replaceState(null, "", at_place("")); // nothing of that name is kept
  keep_place();
  if (exchange && latest !== "question-1") exchange.scrollIntoView({ block: "start" });
  else window.scrollTo(0, 0);
});
const drawer = () => document.querySelector(".masthead .drawer");
let drawn = false;
const mark_drawn = () => {
  const rail = document.querySelector(".rail");
  if (rail && rail.hasAttribute("data-drawn") !== drawn) rail.toggleAttribute("data-drawn", drawn);
  if (drawer() && drawer().getAttribute("aria-expanded") !== String(drawn)) drawer().setAttribute("aria-expanded", String(drawn));
};
renewed.push(mark_drawn);
const draw = (open) => {
  drawn = open;
  mark_drawn();
};
on_click(".masthead .drawer", () => {
  draw(!drawn);
  if (drawn) document.querySelector(".rail .new").focus();
});
document.addEventListener("click", (event) => { if (drawn && event.target.isConnected && !closest(event, ".rail, .drawer")) draw(false); });
on_click(".open-kept", (button) => {
  if (button.getAttribute("aria-current")) return;
  send("ask", { do: "open", id: button.closest("li").dataset.id });
  draw(false);
});
on_click(".rail .new", () => draw(false));
on_click("[data-kept]", (button) => {
  const entry = button.closest("li[data-id]");
  const id = entry.dataset.id;
  const what = button.dataset.kept;
  if (what === "remove" && button.dataset.sure && button.textContent !== button.dataset.sure) {
    button.textContent = button.dataset.sure;
    return;
  }
  button.closest(".menu").removeAttribute("open");
  if (what === "rename") {
    entry.querySelector(".rename").hidden = false;
    entry.querySelector(".rename input").select();
  } else if (what === "remove") send("ask", { do: "remove", id });
  else send("ask", { do: "export", id, as: what });
});
document.addEventListener("submit", (event) => {
  const form = closest(event, ".rename");
  if (!form) return;
  event.preventDefault();
  send("ask", { do: "rename", id: form.closest("li").dataset.id, title: form.querySelector("input").value });
  form.hidden = true;
});
document.addEventListener("focusout", (event) => {
  const form = closest(event, ".rename");
  if (form) form.hidden = true;
});
// The menu of a conversation at the lower end is not left below it.
document.addEventListener("toggle", (event) => {
  if (event.target.matches(".menu[open]")) event.target.querySelector("ul").scrollIntoView({ block: "nearest" });
}, true);
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.removeAttribute("open");
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(".menu[open]");
  const form = document.querySelector(".rename:not([hidden])");
  if (menu) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  } else if (form) form.hidden = true;
  else if (drawn) {
    draw(false);
    drawer()?.focus();
  }
});
// A file that the page hands over is saved.
renewed.push(() => {
  const file = document.querySelector("#exported .export");
  if (!file) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.textContent], { type: file.dataset.kind }));
  link.download = file.dataset.name;
  file.remove();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});

// A question that is being answered, on a page that was loaded anew or comes back to it.
let rejoined = "";
renewed.push(() => {
  const id = document.querySelector("#current .exchange[data-rejoin]")?.dataset.rejoin ?? "";
  if (id === rejoined) return;
  rejoined = id;
  if (id) send("ask", { do: "watch", id }, "ask");
});
// A long question is cut off until all of it is wanted.
const whole = new Set();
const whole_as = (heading) => `${opened_now()} ${heading.textContent}`;
const show_whole = (heading) => {
  const shown = whole.has(whole_as(heading)), button = heading.nextElementSibling;
  if (heading.hasAttribute("data-whole") === shown) return;
  heading.toggleAttribute("data-whole", shown);
  button.setAttribute("aria-expanded", String(shown));
};
renewed.push(() => { if (whole.size) document.querySelectorAll(".question.long").forEach(show_whole); });
on_click(".show-question", (button) => {
  const heading = button.previousElementSibling, name = whole_as(heading);
  whole[whole.has(name) ? "delete" : "add"](name);
  show_whole(heading);
});

// Filters. The tab keeps them for when the page is loaded anew (``PLACE`` in page.py), as it does the open conversation.
renewed.push(() => {
  const filters = document.querySelector(".filter-line")?.dataset.filters;
  if (filters !== undefined && filters !== sessionStorage.getItem("filters")) sessionStorage.setItem("filters", filters);
});
document.addEventListener("submit", (event) => {
  const form = closest(event, ".filter-form");
  if (!form) return;
  event.preventDefault();
  send("ask", { do: "filter", ...Object.fromEntries(new FormData(form)) });
  document.querySelector("#composer textarea")?.focus();
});
on_click(".unfilter", (button) => {
  const cleared = button.dataset.filter === "period" ? { since: "", until: "" } : { [button.dataset.filter]: "" };
  send("ask", { do: "filter", ...cleared });
  document.querySelector("#composer textarea")?.focus();
});
document.addEventListener("click", (event) => {
  if (!closest(event, ".filter-panel")) document.querySelector(".filter-panel[open]")?.removeAttribute("open");
});
document.addEventListener("keydown", (event) => {
  const panel = event.key === "Escape" && document.querySelector(".filter-panel[open]");
  if (!panel) return;
  panel.removeAttribute("open");
  panel.querySelector("summary").focus();
});

// What was being typed is there again after the page was loaded anew.
window.addEventListener("pagehide", () => sessionStorage.setItem("draft", document.querySelector("#composer textarea")?.value ?? ""));
let drafted = false;
renewed.push(() => {
  const box = document.querySelector("#composer textarea"), draft = sessionStorage.getItem("draft");
  if (drafted || !box || !document.querySelector(".rail")) return;
  drafted = true;
  if (!draft || box.value) return;
  box.value = draft;
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

// Gradio gives its text box and buttons no name.
renewed.push(() => {
  const name = (selector, said) => {
    const element = document.querySelector(selector);
    if (element && !element.getAttribute("aria-label")) element.setAttribute("aria-label", said);
  };
  const box = document.querySelector("#composer textarea");
  if (box && !box.getAttribute("aria-label")) box.setAttribute("aria-label", box.placeholder);
  name("#composer .submit-button", german ? "Fragen" : "Ask");
  name("#composer .stop-button", german ? "Anhalten" : "Stop");
});
