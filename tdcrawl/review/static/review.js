// Keys press the buttons that name them; while an answer is on its way the buttons are disabled, and so the keys.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("button[data-key]")].find((each) => each.dataset.key === key);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

// The next task is read from its beginning.
document.addEventListener("htmx:afterSettle", () => {
  document.querySelector("#task").focus({ preventScroll: true });
  scrollTo(0, 0);
});

function tell(words) {
  const trouble = document.querySelector("#trouble");
  trouble.textContent = words;
  trouble.hidden = !words;
}
document.addEventListener("htmx:beforeRequest", () => tell(""));
document.addEventListener("htmx:sendError", () => tell("The server does not answer: is scrapy review still running?"));
document.addEventListener("htmx:responseError", (event) =>
  tell(event.detail.xhr.status === 401 ? "You are logged out: load this page again." : "That was not taken: " + event.detail.xhr.status)
);
