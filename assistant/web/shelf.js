// The Library view. Which rows are shown stands in the table's own data, so that every answer says what it is an answer to.
const shelf_table = () => document.querySelector("#shelf-table .shelf");
const newest_first = new Set(["published", "added"]);
const picked = new Set();
const searched = () => document.getElementById("shelf-search")?.value ?? "";
let last_search = "";
const browsing = (changes = {}) => {
  const { sort, descending, page, expanded } = shelf_table()?.dataset ?? {};
  last_search = searched();
  return { search: last_search, sort, descending, page, expanded, ...changes };
};
const browse = (changes) => send("shelf", { do: "browse", ...browsing(changes) });
const reload_library = () => send("shelf", { do: "load", fresh: !document.getElementById("shelf-search"), ...browsing() });
views_shown.library = reload_library;

// Searching, while it is typed.
let search_timer = 0;
const search = (wait) => {
  clearTimeout(search_timer);
  search_timer = setTimeout(() => browse({ page: 0, expanded: "" }), wait);
};
document.addEventListener("input", (event) => closest(event, "#shelf-search") && search(180));
document.addEventListener("keydown", (event) => {
  if (closest(event, "#shelf-search") && event.key === "Enter") search(0);
  if (closest(event, ".shelf-form textarea") && event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
});
document.addEventListener("change", (event) => {
  if (closest(event, "#shelf-order")) browse({ sort: event.target.value, descending: newest_first.has(event.target.value), page: 0 });
  if (closest(event, ".page-number")) browse({ page: Math.max(0, Math.min(Number(event.target.max), Math.round(Number(event.target.value)) || 1) - 1), expanded: "" });
});

// Selecting rows: what is selected stays so on other pages of the table.
const show_picked = () => {
  for (const row of document.querySelectorAll(".shelf-table tr.article")) {
    const is_picked = picked.has(row.dataset.article);
    row.toggleAttribute("data-picked", is_picked);
    const box = row.querySelector(".pick input");
    if (box.checked !== is_picked) box.checked = is_picked;
  }
  const boxes = [...document.querySelectorAll(".shelf-table td.pick input")], all = document.querySelector(".pick-page");
  if (all) {
    all.checked = boxes.length > 0 && boxes.every((box) => box.checked);
    all.indeterminate = !all.checked && boxes.some((box) => box.checked);
  }
  const bar = document.querySelector(".shelf-picked");
  if (!bar) return;
  bar.hidden = picked.size === 0;
  bar.previousElementSibling.hidden = picked.size > 0;
  const text = picked.size === 1 ? bar.dataset.one : bar.dataset.many.replace("{count}", picked.size.toLocaleString(german ? "de" : "en-GB"));
  const count = bar.querySelector(".shelf-count");
  if (count.textContent !== text) count.textContent = text;
};
document.addEventListener("change", (event) => {
  const box = closest(event, ".shelf-table .pick input");
  if (!box) return;
  const rows = box.matches(".pick-page") ? document.querySelectorAll(".shelf-table tr.article") : [box.closest("tr")];
  for (const row of rows) picked[box.checked ? "add" : "delete"](row.dataset.article);
  show_picked();
  if (picked.size) say(document.querySelector(".shelf-picked .shelf-count").textContent);
});

// What ended before the last addition is folded, until it is wanted.
const unfolded = new Set();
const show_unfolded = () => {
  for (const button of document.querySelectorAll("#shelf-added .unfold")) {
    const addition = button.closest(".addition"), shown = unfolded.has(addition.dataset.addition);
    if (addition.hasAttribute("data-unfolded") !== shown) addition.toggleAttribute("data-unfolded", shown);
    if (button.getAttribute("aria-expanded") !== String(shown)) button.setAttribute("aria-expanded", String(shown));
  }
};

// What the buttons do.
let focus_next = [];
const remove_articles = (ids) => {
  ids.forEach((id) => picked.delete(id));
  focus_next = [".shelf-undo .undo"];
  send("shelf", { do: "remove", articles: ids, ...browsing({ expanded: "" }) });
};
const undo_bar = (button) => button.closest(".shelf-undo");
const shelf_acts = {
  sort: ({ dataset: { sort } }) => {
    const now = browsing();
    browse({ sort, descending: now.sort === sort ? now.descending !== "true" : newest_first.has(sort), page: 0, expanded: "" });
  },
  turn: () => browse({ descending: browsing().descending !== "true", page: 0, expanded: "" }),
  page: (button) => {
    focus_next = [`.shelf-pages [data-way="${button.dataset.way}"]:enabled`, ".page-number"];
    browse({ page: button.dataset.page, expanded: "" });
    const top = document.getElementById("shelf-table");
    if (top.getBoundingClientRect().top < 0) top.scrollIntoView({ block: "start" });
  },
  expand: ({ dataset: { article } }) => browse({ expanded: browsing().expanded === article ? "" : article }),
  "clear-search": () => {
    const box = document.getElementById("shelf-search");
    box.value = "";
    box.focus();
    search(0);
  },
  remove: (button) => remove_articles([button.dataset.article]),
  "remove-picked": () => remove_articles([...picked]),
  "clear-picked": () => {
    picked.clear();
    show_picked();
    document.querySelector(".pick-page")?.focus();
  },
  "remove-samples": () => {
    focus_next = [".shelf-undo .undo"];
    send("shelf", { do: "remove-samples", ...browsing({ expanded: "" }) });
  },
  restore: (button) => {
    const articles = undo_bar(button).dataset.articles.split("|");
    focus_next = [`.open-article[data-article="${CSS.escape(articles[0])}"]`, "#shelf-search"];
    send("shelf", { do: "restore", articles, ...browsing() });
  },
  "dismiss-undo": (button) => {
    undo_bar(button).hidden = true;
    document.getElementById("shelf-search")?.focus({ preventScroll: true });
  },
  dismiss: (button) => {
    focus_next = [".shelf-toggle.main"];
    send("shelf", { do: "dismiss", addition: button.closest(".addition").dataset.addition });
  },
  unfold: (button) => {
    const { addition } = button.closest(".addition").dataset;
    unfolded[unfolded.has(addition) ? "delete" : "add"](addition);
    show_unfolded();
  },
  stop: (button) => send("shelf", { do: "stop", addition: button.closest(".addition").dataset.addition }),
  "add-samples": () => send("shelf", { do: "add-samples" }, "ask"),
  follow: ({ dataset: { address } }) => send("shelf", { do: "add-addresses", addresses: address }, "ask"),
  visit: ({ dataset: { address } }) => send("shelf", { do: "visit", address }, "ask"),
  "visit-all": () => send("shelf", { do: "visit-all" }, "ask"),
  unfollow: ({ dataset: { address } }) => {
    focus_next = [".unfollowed button"];
    send("shelf", { do: "unfollow", address });
  },
};
on_click("#library [data-shelf]", (button) => shelf_acts[button.dataset.shelf]?.(button));

// The panels for adding and for what is followed: one at a time.
const open_panel = (id) => {
  for (const button of document.querySelectorAll(".shelf-toggle")) {
    const open = button.dataset.panel === id;
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.dataset.panel)?.toggleAttribute("data-open", open);
  }
};
on_click(".shelf-toggle", (button) => open_panel(button.getAttribute("aria-expanded") === "true" ? "" : button.dataset.panel));

// Adding. A form is emptied once its addition has begun; if it was refused, what was typed stays.
let sent = null;
const additions_shown = () => [...document.querySelectorAll("#shelf-added .addition")];
document.addEventListener("submit", (event) => {
  const form = closest(event, ".shelf-form");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-disabled")) return; // a second click, while the first is on its way
  sent = { form, known: additions_shown().map((addition) => addition.dataset.addition) };
  button.setAttribute("aria-disabled", "true");
  setTimeout(() => button.removeAttribute("aria-disabled"), 1500);
  send("shelf", { do: form.dataset.form, ...Object.fromEntries(new FormData(form)), feed: Boolean(form.elements.feed?.checked) }, "ask");
});
// Files may be dropped anywhere: from the Ask view they lead to the Library, where it is seen what becomes of them.
const dragged = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.body.dataset.drop = german ? "Dateien irgendwo hier ablegen" : "Drop the files anywhere here";
const dropping = (on) => document.body.toggleAttribute("data-dropping", on);
document.addEventListener("dragover", (event) => {
  if (!dragged(event)) return;
  event.preventDefault();
  dropping(!reader.open);
});
document.addEventListener("dragleave", (event) => !event.relatedTarget && dropping(false));
const take_drop = (event) => {
  if (!dragged(event)) return;
  dropping(false);
  event.preventDefault(); // the browser would show the file in place of the page
  event.stopPropagation();
  if (reader.open) return;
  const dropped = new DataTransfer();
  for (const file of event.dataTransfer.files) dropped.items.add(file);
  if (viewed !== "library") go_to("library");
  const take = () => {
    const input = document.querySelector("#files input[type=file]");
    if (!input || !document.getElementById("files-hint")) return setTimeout(take, 60);
    input.files = dropped.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  take();
};
// Before gradio, which would refuse all for one that is too large.
const leave_out_large = (event) => {
  const input = closest(event, "#files input[type=file]"), most = Number(document.getElementById("files-hint")?.dataset.most);
  const large = input && most ? [...input.files].filter((file) => file.size > most) : [];
  if (!large.length) return;
  const rest = new DataTransfer();
  for (const file of input.files) if (!large.includes(file)) rest.items.add(file);
  input.files = rest.files;
  send("shelf", { do: "refuse-files", names: large.map((file) => file.name) }, "ask");
  if (!rest.files.length) event.stopPropagation();
};
document.addEventListener("drop", take_drop, true);
document.addEventListener("change", leave_out_large, true);

// Gradio fits new HTML into the elements that are there, so what scripts and readers set on them (ticks, what is typed) is put right here.
const say = (text) => {
  const place = document.getElementById("shelf-said");
  if (place && place.textContent !== text) place.textContent = text;
};
const told = {};
let drawn = "", undo_shown = "", undo_timer = 0, followed_by = "", additions_known = null, ended_known = null, was_empty = false;
const table_renewed = (table) => {
  show_picked();
  const order = document.getElementById("shelf-order"), page = document.querySelector(".page-number");
  if (order) order.value = table.dataset.sort;
  if (page && page !== document.activeElement) page.value = Number(table.dataset.page) + 1;
  const is_empty = Boolean(table.querySelector(".empty"));
  if (is_empty && !was_empty) open_panel("shelf-add");
  was_empty = is_empty;
  // A search that was typed while its forerunner was under way.
  if (searched() !== last_search) search(180);
};
const additions_renewed = (additions) => {
  show_unfolded();
  const { rejoin } = additions?.dataset ?? {};
  if (rejoin && rejoin !== followed_by) send("shelf", { do: "watch", addition: rejoin }, "ask");
  followed_by = rejoin || followed_by;
  const shown = additions_shown();
  if (sent && shown.some((addition) => !sent.known.includes(addition.dataset.addition))) {
    sent.form.reset();
    sent = null;
  }
  // What was begun here is seen, wherever it was begun: the places to add are taller than a window may be.
  const began = additions_known && shown.find((addition) => !additions_known.has(addition.dataset.addition));
  if (began) show(began, "nearest");
  additions_known = new Set(shown.map((addition) => addition.dataset.addition));
  const ended = shown.filter((addition) => "ended" in addition.dataset).map((addition) => addition.dataset.addition);
  if (ended_known && ended.some((id) => !ended_known.has(id))) reload_library();
  ended_known = new Set(ended);
};
renewed.push(() => {
  const table = shelf_table();
  if (!table) return;
  let is_new = false;
  if (table.dataset.drawn !== drawn) {
    drawn = table.dataset.drawn;
    is_new = true;
    table_renewed(table);
  }
  const undo = document.querySelector(".shelf-undo");
  const undo_now = undo ? `${undo.dataset.articles} ${undo.dataset.seconds}` : "";
  if (undo_now !== undo_shown) {
    undo_shown = undo_now;
    clearTimeout(undo_timer);
    if (undo) undo_timer = setTimeout(() => (undo.hidden = true), undo.dataset.seconds * 1000);
  }
  additions_renewed(document.querySelector("#shelf-added .additions"));
  // Gradio says in words of its own what its place for files is for, and in a language of its own choice.
  const upload = document.querySelector("#files .upload-container"), { drop } = document.getElementById("files-hint")?.dataset ?? {};
  if (upload && drop && upload.dataset.told !== drop) {
    upload.dataset.told = drop;
    upload.setAttribute("aria-label", drop);
    upload.setAttribute("aria-describedby", "files-hint");
    upload.querySelector("input")?.setAttribute("aria-label", drop);
    for (const node of upload.querySelector("[data-testid=upload-text]")?.childNodes ?? []) if (node.nodeType === Node.TEXT_NODE) node.data = "";
  }
  const tally = document.querySelector(".shelf-toggle .tally"), count = document.querySelector(".followed")?.dataset.count;
  if (tally && count && tally.textContent !== count) tally.textContent = count;
  for (const place of ["shelf-table", "shelf-followed", "shelf-added", "shelf-undo"]) {
    const text = document.querySelector(`#${place} [data-said]`)?.dataset.said ?? "";
    const is_other = told[place] !== undefined && text && told[place] !== text;
    // How many articles there are is told to who searched; after an addition its own words are.
    if (is_other && (place !== "shelf-table" || table.dataset.search !== told.search)) say(text);
    is_new ||= is_other;
    told[place] = text;
  }
  told.search = table.dataset.search;
  const next = is_new && focus_next.map((selector) => document.querySelector(`#library ${selector}`)).find((element) => element);
  if (!next) return;
  focus_next = [];
  next.focus({ preventScroll: true });
});

// What is being taken in becomes searchable by itself.
setInterval(() => {
  const waits = viewed === "library" && !document.hidden && shelf_table()?.dataset.pending !== undefined;
  if (waits && !document.activeElement?.matches(".page-number")) browse();
}, 2500);
