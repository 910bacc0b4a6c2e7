// Elements without markup in strings: what people wrote is text, never HTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

const zone = document.documentElement.dataset.timezone || undefined;
const day = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: zone });
const time = new Intl.DateTimeFormat("en-US", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });

// The time today, else with its day.
export function when(iso) {
  const date = new Date(iso);
  const clock = time.format(date);
  return day.format(date) === day.format(new Date()) ? clock : `${day.format(date)}, ${clock}`;
}

export const onDay = (iso) => day.format(new Date(iso));

export function size(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} kB`;
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

export const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

// Asks in a dialog of the product; resolves with whether the person said yes. Without `no` it only tells.
export function ask(title, text, yes, no = "Cancel") {
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "ask-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "ask-title" }, title),
      h("p", {}, text),
      h(
        "div",
        { class: "confirm-actions" },
        no && h("button", { class: "btn", value: "no", autofocus: true }, no),
        h("button", { class: "btn btn-primary", value: "yes" }, yes),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
