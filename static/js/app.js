// Small things every page has: htmx's waiting line, errors in words, toasts, confirm dialogs.

// -- Toasts ------------------------------------------------------------------------------------
// A view sends one with the header HX-Trigger: {"toast": {"text": "…", "tone": "success"}}.

const TOAST_MS = 6000;
const TONES = ["success", "info", "warning", "danger"];

function toast(text, tone = "info") {
  const note = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  note.classList.add(`tone-${TONES.includes(tone) ? tone : "info"}`);
  note.querySelector("p").textContent = text;
  note.querySelector("button").addEventListener("click", () => note.remove());
  document.getElementById("toasts").append(note);
  // A problem stays until it was read.
  if (tone !== "danger") setTimeout(() => note.remove(), TOAST_MS);
}

document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));

// -- Requests: waiting line, errors, a session that ended --------------------------------------

let waiting = 0;

function setWaiting(change) {
  waiting = Math.max(0, waiting + change);
  document.getElementById("progress-line").classList.toggle("is-busy", waiting > 0);
}

// A poll in the background (no event started it) neither shows the line nor complains.
const isPoll = (event) => !event.detail.requestConfig?.triggeringEvent;

document.addEventListener("htmx:beforeSend", (event) => isPoll(event) || setWaiting(1));
document.addEventListener("htmx:afterRequest", (event) => isPoll(event) || setWaiting(-1));

const ANSWERS = {
  400: "The server did not understand this request. Reload the page and try again.",
  403: "You may not do this. Ask an administrator of your organization for the permission.",
  404: "This no longer exists. Reload the page to see what is there now.",
  429: "Too many requests in a short time. Wait a minute, then try again.",
  500: "Something went wrong on the server and was recorded. Try again in a moment.",
  503: "The service is not ready. Try again in a moment.",
};

document.addEventListener("htmx:responseError", (event) => {
  if (isPoll(event)) return;
  const status = event.detail.xhr.status;
  toast(ANSWERS[status] ?? `The server answered with status ${status}. Reload the page and try again.`, "danger");
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!isPoll(event)) toast("The server could not be reached. Check the connection, then try again.", "danger");
  });
}

// A request of an ended session is redirected to the sign-in page: go there, and come back after.
document.addEventListener("htmx:beforeSwap", (event) => {
  const login = document.body.dataset.loginUrl;
  const answered = event.detail.xhr.responseURL;
  if (!login || !answered || new URL(answered).pathname !== login || location.pathname === login) return;
  event.detail.shouldSwap = false;
  location.assign(`${login}?next=${encodeURIComponent(location.pathname + location.search)}`);
});

// -- Files: how much of a form was sent, in its <progress> ---------------------------------------

document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  const bar = target.querySelector?.("progress");
  if (!bar || !detail.lengthComputable) return;
  bar.hidden = false;
  bar.max = detail.total;
  bar.value = detail.loaded;
});

// -- Confirm dialogs: hx-confirm="What will happen?" data-confirm-action="Dismiss it" -----------

document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  const dialog = document.getElementById("confirm-dialog");
  document.getElementById("confirm-text").textContent = event.detail.question;
  document.getElementById("confirm-button").textContent = event.detail.elt.dataset.confirmAction ?? "Continue";
  dialog.returnValue = "";
  dialog.addEventListener(
    "close",
    () => dialog.returnValue === "confirm" && event.detail.issueRequest(true),
    { once: true },
  );
  dialog.showModal();
});

// After a swap, focus the first invalid field, else what asks for it. A #how in the address opens that <details>.
document.addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  (elt.querySelector("[aria-invalid='true']") ?? elt.querySelector("[data-focus]"))?.focus();
});

const openNamed = () => {
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
};
document.addEventListener("DOMContentLoaded", openNamed);
window.addEventListener("hashchange", openNamed);
