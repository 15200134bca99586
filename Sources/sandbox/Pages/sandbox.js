// A person chooses a customer, writes to the bank and sees its answers. Polls the control API;
// texts only ever enter the page as text.

const POLL_MILLISECONDS = 1000;
const MARKS = {
  waiting: "sending…",
  delivered: "delivered",
  failed: "the bank did not take it",
  sent: "sent",
  read: "seen",
};

const element = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
let chosen = new URLSearchParams(location.search).get("customer");
let shownCustomers = "";
let shownMessages = "";

async function call(path, body) {
  const answer = await fetch(`/control/${path}`, body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.error ?? `status ${answer.status}`);
  return document;
}

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function name(customer) {
  return `${customer.first_name} ${customer.last_name}`.trim();
}

function choose(id) {
  chosen = id;
  shownCustomers = "";
  shownMessages = "";
  history.replaceState(null, "", `?customer=${encodeURIComponent(id)}`);
  refresh();
  element("text").focus();
}

function showCustomers(list) {
  const key = JSON.stringify([chosen, list.map((one) => [one.id, name(one), one.messages])]);
  if (key === shownCustomers) return;
  shownCustomers = key;
  const focused = document.activeElement?.dataset?.customer;
  element("customers").replaceChildren(...list.map((customer) => {
    const count = customer.messages === 1 ? "1 message" : `${customer.messages} messages`;
    const button = make("button", { type: "button" }, name(customer), make("small", {}, count));
    button.dataset.customer = customer.id;
    button.setAttribute("aria-current", String(customer.id === chosen));
    button.addEventListener("click", () => choose(customer.id));
    return make("li", {}, button);
  }));
  if (focused) document.querySelector(`[data-customer="${CSS.escape(focused)}"]`)?.focus();
}

function markOf(message) {
  return ` · ${MARKS[message.mark] ?? message.mark}`;
}

function bubble(message) {
  const text = message.text ??
    (message.attachments ?? []).map((one) => `[${one.type}]`).join(" ");
  const author = message.author === "page" ? "Bank" : "You";
  const time = make("time", {
    dateTime: new Date(message.time).toISOString(),
  }, clock.format(message.time));
  const item = make("li", { className: `message ${message.author}` },
    make("span", { className: "hidden" }, `${author}: `), make("p", {}, text),
    make("small", {}, time, make("span", { className: "mark" })));
  item.dataset.number = message.number;
  return item;
}

// Bubbles stay where they are, so that a screen reader hears only what is new.
function showMessages(messages) {
  const list = element("messages");
  const known = new Map([...list.children].map((item) => [item.dataset.number, item]));
  for (const message of messages) {
    const number = String(message.number);
    const item = known.get(number) ?? bubble(message);
    if (!known.delete(number)) list.append(item);
    const mark = item.querySelector(".mark");
    if (mark.textContent !== markOf(message)) mark.textContent = markOf(message);
    item.classList.toggle("failed", message.mark === "failed");
  }
  for (const item of known.values()) item.remove();
}

function showTranscript(transcript) {
  element("chat-title").textContent = name(transcript.customer);
  element("typing").textContent = transcript.typing ? "The bank is typing…" : "";
  const key = JSON.stringify(transcript.messages);
  if (key === shownMessages) return;
  const list = element("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const isFirst = shownMessages === "";
  shownMessages = key;
  if (isFirst) list.replaceChildren();
  showMessages(transcript.messages);
  if (atEnd || isFirst) list.scrollTop = list.scrollHeight;
  const last = transcript.messages.at(-1);
  element("quick").replaceChildren(...(last?.quick_replies ?? [])
    .filter((reply) => reply.title)
    .map((reply) => {
      const button = make("button", { type: "button" }, reply.title);
      button.addEventListener("click", () => write(reply.title, reply.payload));
      return button;
    }));
}

async function refresh() {
  const asked = chosen;
  try {
    const { customers } = await call("customers");
    showCustomers(customers);
    if (asked) {
      const transcript = await call(
        `customers/${encodeURIComponent(asked)}/messages?limit=200`);
      if (asked !== chosen) return;
      showTranscript(transcript);
    }
    const { verified } = await call("statistics");
    element("status").textContent =
      verified ? "The bank is connected" : "Waiting for the bank's server";
  } catch (error) {
    element("status").textContent = `Not connected: ${error.message}`;
  }
  element("text").disabled = element("send").disabled = !chosen;
}

async function write(text, quickReply) {
  element("problem").textContent = "";
  try {
    await call(`customers/${encodeURIComponent(chosen)}/messages`,
      quickReply === undefined ? { text } : { text, quick_reply: quickReply });
    await refresh();
    return true;
  } catch (error) {
    element("problem").textContent = `Not sent: ${error.message}`;
    return false;
  }
}

element("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = element("text");
  const text = field.value.trim();
  if (text && chosen && await write(text)) field.value = "";
  field.focus();
});

element("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    element("composer").requestSubmit();
  }
});

element("newcomer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = element("newcomer-name");
  const [first, ...rest] = field.value.trim().split(/\s+/);
  if (!first) return;
  const id = `66${Date.now()}`;
  try {
    await call(`customers/${id}`, { first_name: first, last_name: rest.join(" ") });
    field.value = "";
    choose(id);
  } catch (error) {
    element("problem").textContent = `Not added: ${error.message}`;
  }
});

async function keepRefreshing() {
  await refresh();
  setTimeout(keepRefreshing, POLL_MILLISECONDS);
}
keepRefreshing();
