// Pure: an order as the server gave it, with what is still to be sent laid over it.

const LABELS = { in_progress: "In progress", waiting: "Waiting", completed: "Completed" };

const EFFECTS = {
  start: (order, entry) => moved(order, "in_progress", { started_at: order.started_at ?? entry.made_at, waiting_for: "" }),
  resume: (order) => moved(order, "in_progress", { waiting_for: "" }),
  wait: (order, entry) => moved(order, "waiting", { waiting_for: entry.body.note }),
  complete: (order) => moved(order, "completed", {}),
  answer: (order, entry) => ({
    ...order,
    tasks: order.tasks.map((task) => (task.id === entry.task ? answered(task, entry) : task)),
  }),
  comment: (order, entry) => ({
    ...order,
    comments: [...order.comments, { text: entry.body.text, at: entry.made_at, by: "You", waits: true }],
  }),
  photo: (order, entry) => ({
    ...order,
    files: [{ name: entry.file_name, size: entry.file.size, waits: true }, ...order.files],
  }),
};

function moved(order, status, changes) {
  return { ...order, ...changes, status, status_label: LABELS[status], waits: true };
}

function answered(task, { body, key, made_at: madeAt, photo_from: photoFrom }) {
  const { outcome, number = null, answer = "", photo = null } = body;
  return {
    ...task,
    outcome: outcome ?? "passed",
    number,
    answer,
    photo: photo ?? (photoFrom ? "taken" : null),
    answered_at: madeAt,
    answered_by: "You",
    waits: true,
    // What the next answer changes is this one.
    entry: key,
  };
}

export function laidOver(order, entries) {
  return entries
    .filter((entry) => entry.order === order.id && !entry.clash)
    .reduce((now, entry) => EFFECTS[entry.kind]?.(now, entry) ?? now, order);
}
