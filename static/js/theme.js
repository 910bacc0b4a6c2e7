// Sets the color theme before the first paint; the only script that blocks rendering.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function stored() {
    try {
      return localStorage.getItem("opssight-theme");
    } catch {
      return null; // Storage is blocked: follow the system.
    }
  }

  function apply() {
    const theme = stored() ?? (system.matches ? "dark" : "light");
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    root.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  }

  apply();
  system.addEventListener("change", apply);
  window.addEventListener("storage", (event) => {
    if (event.key === "opssight-theme") apply();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("opssight-theme", theme);
    } catch {
      // The choice then lasts for this page only.
    }
    root.dataset.bsTheme = theme;
    root.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  });
})();
