// The list of one's orders.

import { h, icon, onDay } from "./dom.js";

const PRIORITY = { critical: "Critical", high: "High", medium: "Medium", low: "Low" };

export const pill = (text, tone) => h("span", { class: `field-pill tone-${tone}` }, text);

export const statusPill = (order) =>
  pill(order.status_label, { in_progress: "info", waiting: "warning", completed: "success" }[order.status] ?? "neutral");

export function drawList(place, orders, timer) {
  if (!orders.length) {
    place.replaceChildren(
      h(
        "section",
        { class: "card field-empty" },
        h("h2", {}, "No open order is yours"),
        h("p", {}, "What a planner gives you appears here, and is stored on this phone. The round arrow at the top looks for it."),
        h("a", { class: "btn", href: "/maintenance/work-orders/?status=unassigned" }, "Look at unassigned work"),
      ),
    );
    return;
  }
  place.replaceChildren(h("ul", { class: "field-list" }, orders.map((order) => h("li", {}, card(order, timer)))));
}

function card(order, timer) {
  const open = order.tasks.filter((task) => task.outcome === "open").length;
  const late = Date.parse(order.due_at) < Date.now();
  return h(
    "a",
    { class: `card field-card priority-${order.priority}`, href: `#order-${order.id}` },
    h("span", { class: "field-card-head" }, h("span", {}, order.number), statusPill(order), order.waits ? icon("clock") : null),
    h("strong", {}, order.title),
    h("span", { class: "field-where" }, order.assets.map((asset) => `${asset.tag} ${asset.name}`).join(", ")),
    h(
      "span",
      { class: "field-facts" },
      h("span", {}, `${PRIORITY[order.priority]} priority`),
      h("span", { class: late ? "is-late" : "" }, `${late ? "Overdue since" : "Due"} ${onDay(order.due_at)}`),
      order.tasks.length ? h("span", {}, `${order.tasks.length - open} of ${order.tasks.length} done`) : null,
      timer?.order === order.id ? h("span", {}, "Timer runs") : null,
    ),
  );
}
