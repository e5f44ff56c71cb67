// The Library view.
views_shown.library = () => send("shelf", { do: "load" });
