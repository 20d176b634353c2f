// Parts of a page that the server tells anew: <div data-live="address">. The server's own markup, escaped there.
for (const part of document.querySelectorAll("[data-live]")) {
  const news = new EventSource(part.dataset.live);
  const told = document.createElement("template");
  let before = part.innerHTML;
  news.onmessage = ({ data }) => {
    told.innerHTML = data;
    if (told.innerHTML === before) return; // nothing new: what the reader opened, marked or is clicking stays
    before = told.innerHTML;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    part.innerHTML = data;
    const next = part.querySelector("a[data-next]");
    if (next) return location.replace(next.href);
    if (focused) document.getElementById(focused)?.focus();
  };
  addEventListener("pagehide", () => news.close());
}
// A text that is to be entered elsewhere.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard?.writeText(button.dataset.copy).then(() => button.classList.add("done")));
}
