// Tells the page which edition is in force, for as long as somebody looks at it: a browser holds few connections to one house.
let news;
const listen = () => {
  if (document.visibilityState === "hidden") {
    news?.close();
    news = undefined;
  } else if (!news) {
    news = new EventSource("/edicao/ao-vivo");
    news.onmessage = ({ data }) => dispatchEvent(new CustomEvent("mirante:edition", { detail: data }));
  }
};
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => news?.close());
addEventListener("pageshow", ({ persisted }) => persisted && ((news = undefined), listen()));
listen();
