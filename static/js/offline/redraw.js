// The page is drawn anew when something changed. What somebody has typed, opened and focused stays.

let isPressed = false;

// Nothing is drawn between press and release: the browser would take the press for none.
export function watchPresses(place, released) {
  place.addEventListener("pointerdown", () => (isPressed = true));
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, () => {
      if (!isPressed) return;
      setTimeout(() => {
        isPressed = false;
        released();
      });
    });
  }
}

export function isBusy(place) {
  const active = document.activeElement;
  return isPressed || (place.contains(active) && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) && active.value !== "");
}

const placeOf = (element) => element.closest("[id]")?.id ?? "";
const fieldsOf = (form) => [...form.elements].filter((field) => field.name);
const keyOfForm = (form) => [placeOf(form), ...fieldsOf(form).map((field) => field.name), form.textContent].join("|");
const keyOf = (element) => [placeOf(element), element.tagName, element.getAttribute("aria-label") ?? element.textContent].join("|");
const keyOfDetails = (details) => keyOf(details.firstElementChild);

const isTyped = (field) =>
  field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.value !== field.defaultValue;

// Returns what puts back, after the new drawing, what is there now.
export function remember(place) {
  const typed = new Map();
  for (const form of place.querySelectorAll("form")) {
    const values = fieldsOf(form).filter(isTyped).map((field) => [field.name, field.value]);
    if (values.length) typed.set(keyOfForm(form), Object.fromEntries(values));
  }
  const open = new Set([...place.querySelectorAll("details[open]")].map(keyOfDetails));
  const active = place.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  return () => {
    for (const form of place.querySelectorAll("form")) {
      const values = typed.get(keyOfForm(form)) ?? {};
      for (const field of fieldsOf(form)) if (field.name in values) field.value = values[field.name];
    }
    for (const details of place.querySelectorAll("details")) if (open.has(keyOfDetails(details))) details.open = true;
    if (!active) return;
    const again = [...place.querySelectorAll("a, button, summary, input, textarea, select")].find((one) => keyOf(one) === active);
    again?.focus({ preventScroll: true });
  };
}
