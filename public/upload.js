// A file that is chosen is sent at once, and one may be dropped. Without this the same forms are sent by their button.
for (const form of document.querySelectorAll("form.sending")) {
  const zone = form.querySelector(".drop-zone");
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const send = () => {
    const tooLarge = (input.files[0]?.size ?? 0) > Number(input.dataset.most);
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    if (input.files.length) form.requestSubmit();
  };
  input.addEventListener("change", send);
  for (const over of ["dragenter", "dragover"]) {
    zone.addEventListener(over, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    input.files = event.dataTransfer.files;
    send();
  });
  form.addEventListener("submit", () => {
    form.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy;
    button.disabled = true;
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
