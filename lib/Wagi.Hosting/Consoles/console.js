// What the consoles of runtime and operator have in common.
const $ = id => document.getElementById(id);
const ROW = 54, MARGIN = 8;

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") element.className = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function say(element, text) { if (element.textContent !== text) element.textContent = text; }
function mark(element, name) { if (element.className !== name) element.className = name; }

// Numbers for people.
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
function span(ms) { return ms < 0 ? "–" : ms < 1 ? `${(ms * 1000).toPrecision(ms < 0.01 ? 2 : 3)} µs` : ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`; }
function size(bytes) {
  if (bytes < 1024) return `${whole.format(bytes)} B`;
  const units = ["KiB", "MiB", "GiB"];
  let at = -1;
  do { bytes /= 1024; at++; } while (bytes >= 1024 && at < 2);
  return `${bytes < 10 ? bytes.toFixed(1) : bytes.toFixed(0)} ${units[at]}`;
}
function short(digest) { return digest ? digest.replace(/^sha256:/, "").slice(0, 12) : "–"; }

function pairs(list, facts) {
  list.replaceChildren(...facts.filter(([, value]) => value !== undefined && value !== null && value !== "").flatMap(([name, value]) =>
    [make("dt", {}, name), make("dd", {}, value instanceof Node ? value : make("code", {}, value))]));
}

/** The words of a filter, all of which have to be in a text. */
function wordsOf(filter) { return filter.toLowerCase().split(/\s+/).filter(word => word); }

const waiting = new Set();
function soon(work) {
  if (waiting.size === 0) requestAnimationFrame(() => { const all = [...waiting]; waiting.clear(); all.forEach(work => work()); });
  waiting.add(work);
}

/**
 * Shows items with an `id` in a table, however many: only rows in view are in the document, each again and again for other items. The list
 * is one stop for the Tab key.
 * - `scroll` scrolls, and `rows` is the body of the table inside it; its head has `data-sort` where one sorts, and `data-down` where most comes first.
 * - `keys` makes what is sorted by, `sort` of them at first. `items` gives all, and `fits` says which are shown.
 * - `newRow` makes the parts of a row: the `row` itself, the link `name`, and what `fill` fills in.
 * - `arranged` is told how many are shown, of how many.
 */
function longList({ scroll, rows, keys, sort, items, fits, newRow, fill, arranged }) {
  const table = rows.closest("table"), columns = table.tHead.rows[0].cells.length;
  const view = { sort, down: false, order: [], at: 0, rows: [] };
  const gap = () => make("tr", { class: "gap", "aria-hidden": "true" }, make("td", { colspan: columns }));
  const above = gap(), below = gap();

  /** Whether it has been done: whoever is about to choose a row keeps it where it is, unless they have asked for it. */
  function arrange(isAsked) {
    const isBusy = rows.contains(document.activeElement) || rows.matches(":hover");
    if (!isAsked && isBusy) return false;
    const chosen = view.order[view.at]?.id, all = items();
    const shown = all.filter(fits);
    const key = keys[view.sort], sign = view.down ? -1 : 1;
    shown.sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      return a < b ? -sign : a > b ? sign : one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
    });
    view.order = shown;
    view.at = Math.max(0, shown.findIndex(item => item.id === chosen));
    for (const head of table.querySelectorAll("th[data-sort]")) {
      const isSorted = head.dataset.sort === view.sort;
      if (isSorted) head.setAttribute("aria-sort", view.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      say(head.querySelector(".arrow"), isSorted ? (view.down ? "↓" : "↑") : "");
    }
    table.setAttribute("aria-rowcount", shown.length + 1);
    arranged(shown.length, all.length);
    return true;
  }

  function put(parts, item, index) {
    parts.index = index;
    parts.row.setAttribute("aria-rowindex", index + 2);
    parts.name.tabIndex = index === view.at ? 0 : -1;
    fill(parts, item);
  }

  function show() {
    const { order } = view;
    const first = Math.max(0, Math.min(Math.floor(scroll.scrollTop / ROW) - MARGIN, order.length - 1));
    const last = Math.min(order.length, Math.ceil((scroll.scrollTop + scroll.clientHeight) / ROW) + MARGIN);
    const count = Math.max(0, last - first);
    while (view.rows.length < count) view.rows.push(newRow());
    view.rows.length = Math.max(count, Math.min(view.rows.length, 80));
    if (above.parentNode !== rows) rows.append(above, below);
    above.firstChild.style.height = `${first * ROW}px`;
    below.firstChild.style.height = `${(order.length - last) * ROW}px`;
    above.hidden = first === 0;
    below.hidden = last >= order.length;

    // A row stays with its place in the list as long as it is in view, so that focus and screen readers find it where it was.
    const used = new Array(count), free = [];
    for (const parts of view.rows) {
      const at = parts.row.parentNode === rows ? parts.index - first : -1;
      if (at >= 0 && at < count && !used[at]) used[at] = parts;
      else free.push(parts);
    }
    let next = above;
    for (let i = 0; i < count; i++) {
      const parts = used[i] ?? free.pop();
      put(parts, order[first + i], first + i);
      if (next.nextSibling !== parts.row) next.after(parts.row);
      next = parts.row;
    }
    for (const parts of free) parts.row.remove();
  }

  function move(to) {
    const { order } = view;
    if (order.length === 0) return;
    view.at = Math.max(0, Math.min(order.length - 1, to));
    const head = table.tHead.offsetHeight, top = view.at * ROW;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + ROW + head > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + ROW + head - scroll.clientHeight;
    show();
    view.rows.find(parts => parts.index === view.at && parts.row.isConnected)?.name.focus({ preventScroll: true });
  }

  /** Shows from the top what fits now. */
  function begin() { arrange(true); scroll.scrollTop = 0; show(); }

  /** Shows the list again, at the item that one came from. */
  function returnTo(id) {
    arrange(true);
    show();
    const at = id === null ? -1 : view.order.findIndex(item => item.id === id);
    if (at >= 0) move(at);
  }

  rows.addEventListener("keydown", event => {
    const page = Math.max(1, Math.floor(scroll.clientHeight / ROW) - 1);
    const to = { ArrowDown: view.at + 1, ArrowUp: view.at - 1, PageDown: view.at + page, PageUp: view.at - page, Home: 0, End: view.order.length - 1 }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(to);
  });
  rows.addEventListener("focusin", event => {
    const parts = view.rows.find(parts => parts.name === event.target);
    if (parts) view.at = parts.index;
  });
  rows.addEventListener("click", event => {
    const parts = view.rows.find(parts => parts.row.contains(event.target));
    if (parts && event.target !== parts.name && getSelection().isCollapsed) location.hash = parts.name.getAttribute("href");
  });
  scroll.addEventListener("scroll", () => soon(show), { passive: true });
  addEventListener("resize", () => soon(show));
  table.tHead.addEventListener("click", event => {
    const head = event.target.closest("th[data-sort]");
    if (!head) return;
    view.down = view.sort === head.dataset.sort ? !view.down : head.hasAttribute("data-down");
    view.sort = head.dataset.sort;
    arrange(true);
    show();
  });
  return { arrange, show, begin, returnTo };
}

/** One of several buttons is pressed; `chosen` is told its `data-state`. */
function choice(group, chosen) {
  group.addEventListener("click", event => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button === pressed));
    chosen(pressed.dataset.state);
  });
}

/** Asks again and again, and not while nobody sees the page. `ask` throws an error for people, or a TypeError when there is no answer. */
function poll(ask, lost, period = 1000) {
  let timer = 0, delay = period, isLooking = false;
  async function look() {
    clearTimeout(timer);
    if (isLooking || document.hidden) return;
    isLooking = true;
    try {
      await ask();
      lost(null);
      delay = period;
    } catch (error) {
      lost(error instanceof TypeError || error.name === "TimeoutError" ? "" : error.message);
      delay = Math.min(delay * 2, 8000);
    }
    isLooking = false;
    timer = setTimeout(look, delay);
  }
  document.addEventListener("visibilitychange", look);
  look();
}
