// The page: an editor on the left, what catnet reads in it on the right. All of it runs in the browser.
const at = (id) => document.getElementById(id);
const [text, behind, messages, picture] = ["text", "behind", "messages", "picture"].map(at);
const DELAY = 40; // milliseconds without a key before the text is read

const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();
let count = 0;
worker.onmessage = ({ data: { id, answer, failure } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  failure === undefined ? resolve(answer) : reject(new Error(failure));
};
worker.onerror = () => { at("status").textContent = "Python could not be loaded"; };

function ask(what, ...args) {
  const id = ++count;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, what, args });
  });
}

// -- reading: at most one question is on its way, and the last text always gets an answer ------------------------------

let busy = false, again = false, timer = 0;

function later() {
  document.body.classList.add("stale");
  clearTimeout(timer);
  timer = setTimeout(read, DELAY);
}

async function read() {
  if (busy) { again = true; return; }
  busy = true;
  const asked = text.value, start = performance.now();
  try {
    const found = JSON.parse(await ask("read", asked, at("nets").value, Number(at("depth").value)));
    if (text.value === asked) show(found, asked);
    at("status").textContent = `read in ${Math.round(performance.now() - start)} ms`;
  } catch (error) {
    at("status").textContent = error.message.trim().split("\n").pop();
  } finally {
    busy = false;
    at("format").disabled = false;
    if (again) { again = false; read(); }
  }
}

function show(found, source) {
  const chars = Array.from(source); // places are counted in characters, strings here in UTF-16
  const place = (n) => chars.slice(0, n).join("").length;
  messages.replaceChildren(...found.diagnostics.map((told) => {
    const row = document.createElement("button");
    row.type = "button";
    row.className = told.severity;
    row.textContent = told.text;
    if (told.start !== undefined) row.onclick = () => {
      text.focus();
      text.setSelectionRange(place(told.start), place(told.end));
    };
    return row;
  }));
  underline(source, found.diagnostics.filter((d) => d.start !== undefined && d.severity === "error")
    .map((d) => [place(d.start), place(d.end)]));
  if (found.names.length) choices(at("nets"), found.names, found.name);
  if (found.svg) {
    picture.innerHTML = found.svg; // text of a specification is escaped in it
    document.body.classList.remove("stale");
    at("type").textContent = `${found.name} : ${found.type}`;
    at("table").textContent = found.table;
  } else if (!found.diagnostics.length) {
    picture.replaceChildren();
    at("type").textContent = "";
    at("table").textContent = "";
  }
  document.body.dataset.read = String(Number(document.body.dataset.read ?? 0) + 1);
}

function choices(select, names, chosen) {
  const now = [...select.options].map((option) => option.value);
  if (now.join() !== names.join()) select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (names.includes(chosen)) select.value = chosen;
}

function underline(source, places) {
  const parts = [];
  let end = 0;
  for (const [from, to] of places.sort((a, b) => a[0] - b[0])) {
    if (from < end) continue;
    parts.push(source.slice(end, from));
    const mark = document.createElement("mark");
    mark.textContent = source.slice(from, to) || " ";
    parts.push(mark);
    end = to;
  }
  behind.replaceChildren(...parts, source.slice(end) + "\n");
  scrolled();
}

function scrolled() {
  behind.scrollTop = text.scrollTop;
  behind.scrollLeft = text.scrollLeft;
}

// -- the rest of the page ----------------------------------------------------------------------------------------------

text.addEventListener("input", () => { behind.replaceChildren(); later(); });
text.addEventListener("scroll", scrolled);
text.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && !event.altKey && !event.ctrlKey) {
    event.preventDefault();
    document.execCommand("insertText", false, "    ");
  }
});
at("nets").addEventListener("change", read);
at("depth").addEventListener("change", read);
at("format").addEventListener("click", async () => {
  const asked = text.value, found = await ask("formatted", asked);
  if (text.value === asked && found !== asked) { put(found); }
});
at("link").addEventListener("click", async () => {
  location.hash = encodeURIComponent(text.value);
  await navigator.clipboard?.writeText(location.href);
  at("status").textContent = "the link is copied, and in the address bar";
});

function put(source) {
  text.value = source;
  behind.replaceChildren();
  read();
}

const examples = await (await fetch("examples.json")).json();
at("examples").replaceChildren(...Object.keys(examples).map((name) => new Option(name, name)));
at("examples").addEventListener("change", () => { at("nets").replaceChildren(); put(examples[at("examples").value]); });
put(location.hash ? decodeURIComponent(location.hash.slice(1)) : Object.values(examples)[0]);
