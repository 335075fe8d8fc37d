// The playground's page: who I am, where I am, what stands there, what I do.
// All text comes in as text or as HTML that the server has escaped.

const API = document.body.dataset.api;
const LOOK_AGAIN = 2000;
const $ = (id) => document.getElementById(id);

const state = {
  people: [], conversations: [], commands: [], shortcuts: [], marks: [], handle: "@inflow",
  me: null, where: null, thread: null, messages: [], revision: null, form: null, formReturn: null,
};

// ---------------------------------------------------------------- talking to the server

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(`${API}/${path}`, options);
  } catch {
    throw new Error("The playground does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({ error: "I could not read the answer." }));
  if (!response.ok) throw Object.assign(new Error(answer.error), { errors: answer.errors });
  return answer;
}

const query = (names) => new URLSearchParams(names).toString();
const eventId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("");

// ---------------------------------------------------------------- small things

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (name in made && name !== "list") made[name] = value;
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return sum % 8;
}

function avatar(author, small = false) {
  const size = small ? " small" : "";
  if (author.bot) {
    return element("span", { className: `avatar${size}`, "aria-hidden": "true" },
      element("img", { src: document.querySelector(".brand img").src, alt: "" }));
  }
  const letters = author.name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("");
  return element("span", { className: `avatar hue-${hueOf(author.id)}${size}`, "aria-hidden": "true" }, letters.toUpperCase());
}

let toastTimer;
function tell(sentence) {
  $("toast").textContent = sentence;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").textContent = ""; }, 7000);
}

const person = () => state.people.find((each) => each.id === state.me);
const conversation = () => state.conversations.find((each) => each.id === state.where);

// What has been read, by person and conversation, stays in this browser.
const marks = {
  read: () => { try { return JSON.parse(localStorage.getItem("inflow.read")) ?? null; } catch { return null; } },
  write: (all) => { try { localStorage.setItem("inflow.read", JSON.stringify(all)); } catch { /* private window */ } },
  of(who, where) { return (this.read() ?? {})[`${who} ${where}`] ?? 0; },
  set(who, where, id) {
    const all = this.read() ?? {};
    if ((all[`${who} ${where}`] ?? 0) >= id) return;
    all[`${who} ${where}`] = id;
    this.write(all);
  },
};

// ---------------------------------------------------------------- the sidebar

// Keeps the focus on the entry that had it, although the list is made anew.
function refill(list, entries) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...entries);
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

const dot = (words) => [element("span", { className: "dot", "aria-hidden": "true" }), element("span", { className: "hidden" }, words)];

function showSidebar() {
  let news = false;
  refill($("conversations"), state.conversations.map((each) => {
    const fresh = each.id !== state.where && each.last > marks.of(state.me, each.id);
    news ||= fresh;
    return element("li", {}, element("button", {
      type: "button", "data-key": each.id, className: fresh ? "new" : "", "aria-current": each.id === state.where ? "true" : null,
      onclick: () => go({ where: each.id, thread: null }, true),
    },
    element("span", { className: "sign", "aria-hidden": "true" }, each.kind === "dm" ? "✉" : "#"),
    element("span", { className: "name" }, each.title.replace(/^#/, ""), each.kind === "dm" ? element("small", {}, "  direct message") : null),
    ...(fresh ? dot("has something new") : [])));
  }));
  refill($("people"), state.people.map((each) => {
    const mine = each.id === state.me;
    const fresh = !mine && Object.entries(each.news).some(([where, last]) => last > marks.of(each.id, where));
    news ||= fresh;
    return element("li", {}, element("button", {
      type: "button", "data-key": each.id, className: fresh ? "new" : "", "aria-current": mine ? "true" : null,
      onclick: () => go({ me: each.id, thread: null }, true),
    },
    avatar(each, true),
    element("span", { className: "name", title: each.title ?? "" }, each.name),
    element("small", {}, `${each.local_time.split(" ")[1]}${each.state === "working" ? "" : ` · ${each.state}`}`),
    ...(fresh ? dot(`${each.name} has something new`) : [])));
  }));
  $("drawer-dot").hidden = !news;
  $("leave").textContent = `${person().name} leaves…`;
  $("leave").hidden = state.people.length < 2;
}

function showClock(clock) {
  const me = person();
  const format = new Intl.DateTimeFormat("en-GB", {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: me?.zone ?? "UTC",
  });
  const hours = Math.round(clock.moved_seconds / 3600);
  const moved = hours === 0 ? "" : ` · moved by ${hours >= 48 ? `${Math.round(hours / 24)} days` : `${hours} h`}`;
  $("clock-now").replaceChildren(
    element("strong", {}, format.format(new Date(clock.now))),
    element("span", { className: "moved" }, `${me?.zone ?? "UTC"}${moved}`));
}

// ---------------------------------------------------------------- messages

function showPost(each, inThread) {
  const isRoot = each.thread === null;
  const openThread = () => go({ thread: each.thread ?? each.id }, true);
  const actions = [];
  if (!inThread && !each.ephemeral) actions.push(element("button", { type: "button", onclick: openThread }, "Reply in thread"));
  for (const shortcut of each.ephemeral ? [] : state.shortcuts.filter((one) => one.on_message)) {
    actions.push(element("button", {
      type: "button", onclick: (event) => act("shortcut", { name: shortcut.name, message: each.id }, event.currentTarget),
    }, shortcut.title));
  }
  // What could be an answer to me: words of a colleague in a thread, or what the bot wrote to me.
  const mayAnswer = !each.ephemeral && each.author.id !== state.me && (each.thread !== null || each.conversation.startsWith("dm:"));
  for (const mark of mayAnswer ? state.marks : []) {
    actions.push(element("button", {
      type: "button", onclick: async (event) => {
        const answer = await act("mark", { name: mark.name, message: each.id }, event.currentTarget);
        if (answer && !answer.messages.length) tell("You have marked that message.");
      },
    }, mark.title));
  }
  const content = element("div", { className: "content" });
  content.innerHTML = each.html;
  const count = each.reply_count;
  const head = element("div", { className: "head" },
    element("strong", {}, element("bdi", {}, each.author.name)),
    each.author.bot ? element("span", { className: "badge" }, "Bot") : null,
    element("time", { dateTime: each.at }, each.time),
    each.edited ? element("span", { className: "edited" }, "changed") : null);
  return element("li", {
    className: `post${each.ephemeral ? " ephemeral" : ""}`, tabIndex: -1, "data-id": each.id,
    "aria-label": `${each.author.name}, ${each.time}`,
  },
  each.ephemeral ? element("p", { className: "only" }, element("span", { "aria-hidden": "true" }, "◔"), "Only you can see this") : null,
  avatar(each.author),
  element("div", { className: "body" }, head, content,
    isRoot && !inThread && count > 0
      ? element("div", { className: "foot" }, element("button", { type: "button", className: "link", onclick: openThread }, `${count} ${count === 1 ? "reply" : "replies"}`))
      : null),
  actions.length ? element("div", { className: "actions", role: "group", "aria-label": "Message actions" }, moreButton(), ...actions) : null);
}

function moreButton() {
  return element("button", {
    type: "button", className: "more", "aria-label": "Message actions", "aria-expanded": "false",
    onclick: (event) => {
      const open = event.currentTarget.parentElement.classList.toggle("open");
      event.currentTarget.setAttribute("aria-expanded", String(open));
    },
  }, "⋯");
}

// Only what has changed is made anew: a half-made choice and the focus stay where they are.
function fill(list, posts, inThread, emptyWords) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const known = list.known ?? new Map();
  const next = new Map();
  const nodes = [];
  let day = null;
  let hasNew = false;
  for (const each of posts) {
    if (each.day !== day) {
      day = each.day;
      nodes.push(known.get(day)?.node ?? element("li", { className: "day" }, day));
      next.set(day, { node: nodes.at(-1), look: day });
    }
    const look = JSON.stringify([each, state.shortcuts.length]);
    const before = known.get(each.id);
    hasNew ||= !before;
    const node = before?.look === look ? before.node : showPost(each, inThread);
    if (before && before.node !== node && before.node.contains(document.activeElement)) {
      queueMicrotask(() => node.focus({ preventScroll: true }));
    }
    next.set(each.id, { node, look });
    nodes.push(node);
  }
  if (!posts.length) nodes.push(element("li", { className: "empty" }, emptyWords));
  const same = nodes.length === list.children.length && nodes.every((node, n) => list.children[n] === node);
  if (!same) {
    // What is taken out and put in again, though it is the same, has lost the focus by that.
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    list.replaceChildren(...nodes);
    if (focused && list.contains(focused)) focused.focus({ preventScroll: true });
  }
  list.known = next;
  if ((atEnd && hasNew) || known.size === 0) list.scrollTop = list.scrollHeight;
}

function showConversation() {
  const here = conversation();
  const me = person();
  if (!here || !me) return;
  const isDm = here.kind === "dm";
  $("title").textContent = isDm ? "Inflow" : here.title;
  document.title = `${isDm ? "Inflow" : here.title} · ${me.name} · Inflow playground`;
  $("subtitle").textContent = isDm ? `Direct message of ${me.name}${me.title ? `. ${me.title}` : ""}` : "Everybody is in this channel";
  $("whoami").replaceChildren(avatar(me, true), element("span", {}, "You are ", element("strong", {}, me.name)));
  const words = `Message ${isDm ? "Inflow" : here.title}`;
  $("composer-label").textContent = `${words} as ${me.name}`;
  $("composer").placeholder = words;
  fill($("messages"), state.messages.filter((each) => each.thread === null), false,
    isDm ? "Ask here as you would ask a colleague. /help lists what I can do."
      : "Nobody has said anything yet. Call the bot with @inflow, or type / for commands.");
  showThread();
}

function showThread() {
  const open = state.thread !== null;
  $("thread").hidden = !open;
  document.querySelector(".layout").classList.toggle("with-thread", open);
  if (!open) { $("thread-messages").known = undefined; $("thread-messages").replaceChildren(); return; }
  const posts = state.messages.filter((each) => each.id === state.thread || each.thread === state.thread);
  $("thread-subtitle").textContent = conversation().kind === "dm" ? "Direct message" : conversation().title;
  fill($("thread-messages"), posts, true, "This thread is empty.");
}

function announce(before) {
  const highest = Math.max(0, ...before.map((each) => each.id));
  const fresh = state.messages.filter((each) => each.id > highest && each.author.id !== state.me);
  if (!fresh.length) return;
  $("announcer").textContent = fresh.map((each) => `${each.author.name}: ${each.message?.summary ?? each.text}`).join(". ").slice(0, 600);
}

// ---------------------------------------------------------------- looking again

let looking = Promise.resolve();
function look(isInTheWay = () => false) {
  looking = looking.then(() => lookOnce(isInTheWay)).catch((error) => tell(error.message));
  return looking;
}

async function lookOnce(isInTheWay) {
  state.people = (await call("people")).people;
  if (!person()) {
    if (!state.people.length) { location.reload(); return; }
    becomeSomebody();
  }
  const me = state.me;
  const [conversations, clock] = await Promise.all([
    call(`conversations?${query({ as: me })}`), call("clock"),
  ]);
  // Somebody else looks by now, at conversations of their own, and looks again after this.
  if (me !== state.me) return;
  state.conversations = conversations.conversations.filter((each) => each.kind !== "thread");
  if (!conversation()) { state.where = state.conversations[0].id; state.thread = null; }
  const where = state.where;
  const { messages } = await call(`messages?${query({ conversation: where, as: me })}`);
  if (me !== state.me || where !== state.where || isInTheWay()) return;
  if (!baseline()) return;
  const before = state.messages;
  const sameTalk = before.talk === `${me} ${where}`;
  state.messages = messages;
  state.messages.talk = `${me} ${where}`;
  if (!sameTalk) { $("messages").known = undefined; $("thread-messages").known = undefined; }
  if (state.thread !== null && !messages.some((each) => each.id === state.thread)) state.thread = null;
  const last = Math.max(0, ...messages.map((each) => each.id));
  marks.set(me, where, last);
  showConversation();
  showSidebar();
  showClock(clock);
  if (sameTalk) announce(before);
}

// Whoever I was has left: I am the first of those who are still here.
function becomeSomebody() {
  Object.assign(state, { me: state.people[0].id, thread: null });
  if (state.where?.startsWith("dm:")) state.where = `dm:${state.me}`;
  if ($("form-dialog").open) $("form-dialog").close();
  tell(`You are ${state.people[0].name} now: whoever you were has left.`);
}

// On the first visit everything that is there counts as read.
function baseline() {
  if (marks.read() !== null) return true;
  const all = {};
  for (const each of state.people) for (const [where, last] of Object.entries(each.news)) all[`${each.id} ${where}`] = last;
  for (const each of state.people) for (const one of state.conversations) {
    if (one.kind !== "dm") all[`${each.id} ${one.id}`] = Math.max(one.last, all[`${each.id} ${one.id}`] ?? 0);
  }
  marks.write(all);
  return true;
}

// What I do ends with a look of its own. One in between would show what came of it while the
// box is still closed to the next words, and take the focus that belongs to what it led to.
let acting = 0;

async function watch() {
  if (document.hidden || acting) return;
  try {
    const { revision } = await call("revision");
    if (revision !== state.revision && !acting) {
      state.revision = revision;
      await look(() => acting > 0);
      if (acting) state.revision = null;
    }
    if ($("toast").dataset.lost) { delete $("toast").dataset.lost; $("toast").textContent = ""; }
  } catch (error) {
    $("toast").dataset.lost = "yes";
    clearTimeout(toastTimer);
    $("toast").textContent = error.message;
  }
}

async function go(change, focusComposer = false) {
  const threadWas = state.thread;
  if (change.me && change.me !== state.me) {
    // A direct message is everybody's own: whoever I become, I look at mine.
    if (state.where?.startsWith("dm:")) state.where = `dm:${change.me}`;
    const fresh = Object.entries(state.people.find((each) => each.id === change.me)?.news ?? {})
      .filter(([where, last]) => last > marks.of(change.me, where));
    if (fresh.length) [state.where] = fresh.sort((a, b) => b[1] - a[1])[0];
    change = { ...change, thread: null };
  }
  Object.assign(state, change);
  closeDrawer(false);
  history.replaceState(null, "", `?${query({ as: person()?.handle ?? state.me, in: state.where ?? "", ...(state.thread ? { thread: state.thread } : {}) })}`);
  await look();
  if (!focusComposer) return;
  if (state.thread !== null && state.thread !== threadWas) $("thread-composer").focus();
  else if (matchMedia("(hover: hover)").matches) $("composer").focus();
}

// ---------------------------------------------------------------- doing something

async function act(path, body, source) {
  if (source?.getAttribute("aria-disabled") === "true") return null;
  source?.setAttribute("aria-disabled", "true");
  const post = source?.closest(".post");
  acting += 1;
  try {
    const answer = await call(path, { person: state.me, event_id: eventId(), ...body });
    await look();
    if (answer.notice) tell(answer.notice);
    if (answer.form) openForm(answer.form, source);
    const said = answer.messages[0];
    const shown = said && document.querySelector(`.post[data-id="${said.id}"]`);
    if (said && !shown && said.conversation !== state.where) tell("The answer is in another conversation.");
    shown?.scrollIntoView({ block: "nearest" });
    if (post && !document.body.contains(source)) (shown ?? post).focus({ preventScroll: true });
    return answer;
  } catch (error) {
    tell(error.message);
    return null;
  } finally {
    acting -= 1;
    source?.removeAttribute("aria-disabled");
  }
}

function askToConfirm(data) {
  const dialog = $("confirm-dialog");
  $("confirm-title").textContent = data.confirmTitle;
  $("confirm-text").textContent = data.confirmText;
  $("confirm-yes").textContent = data.confirmYes;
  $("confirm-no").textContent = data.confirmNo;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".actions.open")) {
    if (open.contains(event.target) && event.target.closest(".more")) continue;
    open.classList.remove("open");
    open.querySelector(".more").setAttribute("aria-expanded", "false");
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  const { action, index, choice, confirmTitle } = button.dataset;
  if (confirmTitle && !(await askToConfirm(button.dataset))) return;
  const message = button.closest(".post").dataset.id;
  const chosen = choice ? button.closest(".choice").querySelector("select").value : null;
  await act("press", { message, action, index: Number(index), choice: chosen }, button);
});

// ---------------------------------------------------------------- forms

function openForm(form, source) {
  state.form = form;
  state.formReturn = source && document.body.contains(source) ? source : $("composer");
  $("form-title").textContent = form.title;
  $("form-submit").textContent = form.submit;
  $("form-fields").innerHTML = form.html;
  showErrors({});
  if (!$("form-dialog").open) $("form-dialog").showModal();
  $("form-fields").querySelector("input, textarea, select")?.focus();
}

function showErrors(errors) {
  const names = new Set(state.form.fields.map((field) => field.name));
  for (const name of names) {
    const input = $(`field-${name}`);
    const error = $(`field-${name}-error`);
    error.textContent = errors[name] ?? "";
    error.hidden = !errors[name];
    if (errors[name]) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  const rest = Object.entries(errors).filter(([name]) => !names.has(name)).map(([, words]) => words);
  $("form-error").textContent = rest.join(" ");
  $("form-error").hidden = rest.length === 0;
  $("form-fields").querySelector("[aria-invalid]")?.focus();
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = Object.fromEntries(new FormData($("form")));
  const submit = $("form-submit");
  if (submit.disabled) return;
  submit.disabled = true;
  acting += 1;
  try {
    const answer = await call("submit", { person: state.me, form: state.form.id, values, event_id: eventId() });
    $("form-dialog").close();
    await look();
    if (answer.form) openForm(answer.form, null);
    if (answer.notice) tell(answer.notice);
    const said = answer.messages[0];
    const shown = said && document.querySelector(`.post[data-id="${said.id}"]`);
    shown?.scrollIntoView({ block: "nearest" });
    // What led to the form may be gone, and the focus with it.
    if (shown || document.activeElement === document.body) (shown ?? $("composer")).focus({ preventScroll: true });
  } catch (error) {
    if (error.errors) { showErrors(error.errors); return; }
    $("form-error").textContent = error.message;
    $("form-error").hidden = false;
  } finally {
    acting -= 1;
    submit.disabled = false;
  }
});
$("form-dialog").addEventListener("close", () => {
  const target = state.formReturn;
  (target && document.body.contains(target) ? target : $("composer")).focus();
});
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

// ---------------------------------------------------------------- coming and going

for (const zone of ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])]) {
  $("zones").append(element("option", { value: zone }));
}

function joinError(sentence) {
  $("join-error").textContent = sentence;
  $("join-error").hidden = !sentence;
}

$("join").addEventListener("click", () => {
  $("join-form").reset();
  $("join-zone").value = person()?.zone ?? "UTC";
  joinError("");
  $("join-dialog").showModal();
  $("join-name").focus();
});
$("join-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if ($("join-submit").disabled) return;
  $("join-submit").disabled = true;
  const { name, zone, title } = Object.fromEntries(new FormData($("join-form")));
  try {
    const joined = await call("people", { name, zone: zone.trim() || "UTC", title, event_id: eventId() });
    $("join-dialog").close();
    if (state.me === null) location.assign(`?${query({ as: joined.person.handle })}`);
    else { await look(); await go({ me: joined.person.id }, true); }
  } catch (error) {
    joinError(error.message);
    $("join-name").focus();
  } finally {
    $("join-submit").disabled = false;
  }
});

$("leave").addEventListener("click", async () => {
  const { id, name } = person();
  const sure = await askToConfirm({
    confirmTitle: `${name} leaves?`,
    confirmText: `${name} leaves the workspace for good. What ${name} was asked goes to others.`,
    confirmYes: `${name} leaves`,
    confirmNo: "Cancel",
  });
  if (!sure) return;
  try {
    await call("leave", { person: id, event_id: eventId() });
    closeDrawer(false);
    await look();
    $("composer").focus();
  } catch (error) {
    tell(error.message);
  }
});

// ---------------------------------------------------------------- writing

function composer(form, area, list, thread) {
  let shown = [];
  let chosen = -1;

  const close = () => { shown = []; chosen = -1; list.hidden = true; list.replaceChildren(); area.removeAttribute("aria-activedescendant"); };
  const grow = () => { area.style.height = "auto"; area.style.height = `${Math.min(area.scrollHeight + 2, innerHeight * 0.4)}px`; };

  const suggest = () => {
    const before = area.value.slice(0, area.selectionStart);
    const command = before.match(/^\/(\S*)$/);
    const mention = before.match(/(?:^|\s)(@\w*)$/);
    if (command) {
      const typed = command[1].toLowerCase();
      const starts = state.commands.filter((each) => each.word.startsWith(typed));
      const holds = state.commands.filter((each) => !each.word.startsWith(typed) && `${each.word} ${each.help}`.toLowerCase().includes(typed) && typed.length > 1);
      shown = [...starts, ...holds].map((each) => ({ insert: `/${each.word} `, title: `/${each.word}`, argument: each.hint, about: each.help, cut: before.length }));
    } else if (mention && state.handle.startsWith(mention[1].toLowerCase()) && mention[1].toLowerCase() !== state.handle) {
      shown = [{ insert: `${state.handle} `, title: state.handle, argument: "", about: "calls the bot", cut: mention[1].length }];
    } else shown = [];
    if (!shown.length) { close(); return; }
    list.replaceChildren(...shown.map((each, number) => element("li", {
      id: `${list.id}-${number}`, role: "option", "aria-selected": "false",
      onclick: () => { take(number); area.focus(); },
    }, element("strong", {}, each.title), each.argument ? element("span", { className: "argument" }, each.argument) : null,
    element("span", { className: "about" }, each.about))));
    list.hidden = false;
    mark(0);
  };

  const mark = (number) => {
    chosen = (number + shown.length) % shown.length;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
    area.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };

  const take = (number) => {
    const { insert, cut } = shown[number];
    const end = area.selectionStart;
    area.setRangeText(insert, end - cut, end, "end");
    close();
    grow();
  };

  const send = async () => {
    const text = area.value;
    if (!text.trim()) return;
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const body = { conversation: state.where, text, ...(thread() === null ? {} : { thread: thread() }) };
    const answer = await act("say", body);
    delete form.dataset.busy;
    // Words that were not taken stay in the box.
    if (answer === null || area.value !== text) return;
    area.value = "";
    grow();
    for (const messages of [$("messages"), $("thread-messages")]) messages.scrollTop = messages.scrollHeight;
  };

  area.addEventListener("input", () => { grow(); suggest(); });
  // A moment later, so that a click on an entry counts; who is back by then keeps the list.
  area.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== area) close(); }, 150));
  area.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (shown.length) {
      const complete = shown[chosen].cut > 0 && area.value.trim() === shown[chosen].title;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(chosen + 1); return; }
      if (event.key === "ArrowUp") { event.preventDefault(); mark(chosen - 1); return; }
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); return; }
      if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !complete)) {
        event.preventDefault(); take(chosen); return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); close(); send(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); close(); send(); });
}

composer($("composer-form"), $("composer"), $("composer-completion"), () => null);
composer($("thread-form"), $("thread-composer"), $("thread-completion"), () => state.thread);

// ---------------------------------------------------------------- clock, drawer, thread, hint

for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", async () => {
    if (document.querySelector("[data-advance][disabled]")) return;
    const all = document.querySelectorAll("[data-advance]");
    all.forEach((each) => { each.disabled = true; });
    $("clock-now").setAttribute("aria-busy", "true");
    try {
      await call("clock", { advance: button.dataset.advance, ...(button.dataset.advance === "next_morning" ? { person: state.me } : {}) });
      await look();
      $("announcer").textContent = `It is now ${$("clock-now").textContent}`;
    } catch (error) {
      tell(error.message);
    } finally {
      all.forEach((each) => { each.disabled = false; });
      button.focus();
      $("clock-now").removeAttribute("aria-busy");
    }
  });
}

function openDrawer() {
  $("sidebar").classList.add("open");
  $("shade").hidden = false;
  $("open-drawer").setAttribute("aria-expanded", "true");
  $("close-drawer").focus();
}
function closeDrawer(focus = true) {
  if (!$("sidebar").classList.contains("open")) return;
  $("sidebar").classList.remove("open");
  $("shade").hidden = true;
  $("open-drawer").setAttribute("aria-expanded", "false");
  if (focus) $("open-drawer").focus();
}
$("open-drawer").addEventListener("click", openDrawer);
$("close-drawer").addEventListener("click", () => closeDrawer());
$("shade").addEventListener("click", () => closeDrawer());

function closeThread() {
  const id = state.thread;
  go({ thread: null });
  document.querySelector(`#messages .post[data-id="${id}"]`)?.focus();
}
$("thread-close").addEventListener("click", closeThread);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if ($("sidebar").classList.contains("open")) closeDrawer();
  else if (state.thread !== null) closeThread();
});
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); $("composer").focus(); });

function hintSeen() { try { return localStorage.getItem("inflow.hint") === "seen"; } catch { return false; } }
const { show: hintShow } = $("hint").dataset;
$("hint").hidden = hintShow === "never" || (hintShow === "once" && hintSeen());
$("hint-close").addEventListener("click", () => {
  $("hint").hidden = true;
  try { if (hintShow === "once") localStorage.setItem("inflow.hint", "seen"); } catch { /* private window */ }
  $("composer").focus();
});

// ---------------------------------------------------------------- the beginning

async function begin() {
  try {
    const [people, commands] = await Promise.all([call("people"), call("commands")]);
    Object.assign(state, { people: people.people, ...commands });
  } catch (error) {
    tell(error.message);
    setTimeout(begin, LOOK_AGAIN);
    return;
  }
  if (!state.people.length) { tell("Nobody is in this playground yet."); return; }
  const asked = new URLSearchParams(location.search);
  const wanted = asked.get("as")?.toLowerCase();
  state.me = (state.people.find((each) => [each.id, each.handle, each.name].some((name) => name.toLowerCase() === wanted)) ?? state.people[0]).id;
  state.where = asked.get("in") === "dm" ? `dm:${state.me}` : asked.get("in") || null;
  state.thread = Number(asked.get("thread")) || null;
  const { revision } = await call("revision");
  state.revision = revision;
  await look();
  document.body.dataset.ready = "yes";
  setInterval(watch, LOOK_AGAIN);
  setInterval(() => { if (!document.hidden) look(); }, 60000);
  document.addEventListener("visibilitychange", watch);
}
begin();
