// Cards and blocks that are dragged, on the board and the calendar, and the dialog that plans an order.
//
// <… data-planning id="region"> holds everything and is swapped with the answer of the server.
// <… data-item="id" data-post="url" data-to="a b"?> can be dragged; data-to: keys of zones that take it.
// <… data-zone='{"name": "value"}' data-key="a"> is where it can be dropped; what it holds is sent.
//
// The server decides. Whatever it answers shows where the item stands now; without an answer it goes back.
(() => {
  let dragged = null; // {item, from, before}

  const takes = (zone, item) => !item.dataset.to || item.dataset.to.split(" ").includes(zone.dataset.key);

  const arm = (root) => {
    for (const item of root.querySelectorAll("[data-item]")) item.draggable = true;
  };

  const zoneOf = (event) => {
    const zone = event.target.closest?.("[data-zone]");
    return dragged && zone && zone !== dragged.from && takes(zone, dragged.item) ? zone : null;
  };

  const unmark = () => document.querySelectorAll(".is-target, .is-taker").forEach((e) => e.classList.remove("is-target", "is-taker"));

  document.addEventListener("dragstart", (event) => {
    const item = event.target.closest?.("[data-item]");
    if (!item) return;
    dragged = { item, from: item.closest("[data-zone]"), list: item.parentElement, before: item.nextElementSibling };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.querySelector("a")?.href ?? "");
    item.classList.add("is-dragged");
    for (const zone of document.querySelectorAll("[data-zone]")) {
      if (zone !== dragged.from && takes(zone, item)) zone.classList.add("is-taker");
    }
  });

  document.addEventListener("dragover", (event) => {
    const zone = zoneOf(event);
    document.querySelectorAll(".is-target").forEach((e) => e !== zone && e.classList.remove("is-target"));
    if (!zone) return;
    event.preventDefault();
    zone.classList.add("is-target");
  });

  document.addEventListener("dragend", () => {
    dragged?.item.classList.remove("is-dragged");
    dragged = null;
    unmark();
  });

  document.addEventListener("drop", (event) => {
    const zone = zoneOf(event);
    if (!zone) return;
    event.preventDefault();
    const { item, list, before } = dragged;
    const region = item.closest("[data-planning]");
    const into = zone.querySelector("ol, ul");
    if (into) into.prepend(item);
    item.classList.add("is-sent");
    const back = () => {
      if (!item.isConnected) return;
      item.classList.remove("is-sent");
      list.insertBefore(item, before?.parentElement === list ? before : null);
    };
    // Says why by itself (app.js) when there is no answer, or one that is not shown.
    htmx
      .ajax("POST", `${item.dataset.post}${location.search}`, {
        source: region,
        target: region,
        swap: "outerHTML show:none",
        values: JSON.parse(zone.dataset.zone),
      })
      .then(back, back);
  });

  document.addEventListener("DOMContentLoaded", () => arm(document));
  document.addEventListener("htmx:afterSettle", (event) => {
    const region = event.detail.elt.closest?.("[data-planning]") ?? document.querySelector("[data-planning]");
    if (region) arm(region);
  });

  // -- Columns keep where they were scrolled to ------------------------------------------------------

  const scrolled = new Map();
  const columns = () => document.querySelectorAll(".board-columns, .board-cards");
  const nameOf = (element) => element.closest("[data-zone]")?.id ?? "columns";

  document.addEventListener("htmx:beforeSwap", () => {
    for (const one of columns()) scrolled.set(nameOf(one), [one.scrollLeft, one.scrollTop]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const one of columns()) one.scrollTo(...(scrolled.get(nameOf(one)) ?? [0, 0]));
  });

  // -- The dialog: opens when its form came, closes when the calendar was drawn anew -----------------

  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = document.getElementById("plan-dialog");
    if (!dialog) return;
    if (event.detail.target.id === "plan-order") {
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open) dialog.close();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#plan-dialog [data-close]")) document.getElementById("plan-dialog").close();
  });
})();
