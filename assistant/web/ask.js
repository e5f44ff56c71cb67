// The Ask view.

// A marker brings up its card. Followed as a plain link, <base> would turn "#card" into another page once there is a query string.
on_click("a.marker", (marker, event) => {
  event.preventDefault();
  const card = document.getElementById(marker.getAttribute("href").slice(1));
  if (!card) return;
  show(card, "nearest");
  card.focus({ preventScroll: true });
});

on_click(".suggestion", (button) => send("ask", { question: button.dataset.question }, "ask"));
on_click("#current .take-back", (button) => send("ask", { without: button.dataset.without }, "ask"));

// Gradio gives its text box and buttons no name.
renewed.push(() => {
  const box = document.querySelector("#composer textarea");
  if (box && !box.getAttribute("aria-label")) box.setAttribute("aria-label", box.placeholder);
  const send_button = document.querySelector("#composer .submit-button");
  if (send_button && !send_button.getAttribute("aria-label")) send_button.setAttribute("aria-label", german ? "Fragen" : "Ask");
  const stop = document.querySelector("#composer .stop-button");
  if (stop && !stop.getAttribute("aria-label")) stop.setAttribute("aria-label", german ? "Anhalten" : "Stop");
});

// A new question comes to the top, so that its answer is read from the start.
let latest = "";
renewed.push(() => {
  const exchange = document.querySelector("#current .exchange");
  const id = exchange ? exchange.id : "";
  if (id === latest) return;
  latest = id;
  if (exchange && id !== "question-1") show(exchange, "start");
});
