// Work orders chosen in a list: how many, all of this page, and buttons that wait for the first.
(() => {
  const boxes = (bar) => [...document.querySelectorAll(`input[name="order"][form="${bar.id}"]`)];

  const show = () => {
    const bar = document.querySelector("[data-chooser]");
    if (!bar) return;
    const all = boxes(bar);
    const chosen = all.filter((box) => box.checked).length;
    bar.querySelector("[data-chooser-count]").textContent = chosen ? `${chosen} chosen` : "None chosen";
    bar.classList.toggle("is-idle", chosen === 0);
    for (const button of bar.querySelectorAll("button")) button.disabled = chosen === 0;
    const every = bar.querySelector("[data-chooser-all]");
    every.closest("label").hidden = all.length === 0;
    every.checked = all.length > 0 && chosen === all.length;
    every.indeterminate = chosen > 0 && chosen < all.length;
  };

  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-chooser-all]")) {
      for (const box of boxes(target.form)) box.checked = target.checked;
    }
    if (target.matches("[data-chooser-all], input[name='order'][form]")) show();
  });
  for (const name of ["DOMContentLoaded", "htmx:afterSettle"]) document.addEventListener(name, show);
  // The browser brings back what was chosen when one comes back to the page.
  window.addEventListener("pageshow", show);
})();
