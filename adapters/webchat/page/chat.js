"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const log = $("log"), list = $("list"), text = $("text"), form = $("composer"), menu = $("menu"), chips = $("chips"), latest = $("latest"), status = $("status");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const keep = 400; // entries on the page

  let commands = [], life = "", change = 0; // of the transcript: its server's life and what was seen of it

  // ---- Words. What comes from outside only ever becomes text, and an address only a link to http or https.

  function el(tag, cls, words) {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (words !== undefined) e.textContent = words;
    return e;
  }
  function safe(url) {
    try {
      const u = new URL(url);
      return (u.protocol === "https:" || u.protocol === "http:") && !u.username && !u.password ? u.href : "";
    } catch { return ""; }
  }
  function link(url, words) {
    const href = safe(url);
    if (!href) return document.createTextNode(words);
    const a = el("a", "", words);
    a.href = href; a.target = "_blank"; a.rel = "noopener noreferrer nofollow";
    return a;
  }
  const token = () => Array.from(crypto.getRandomValues(new Uint8Array(15)), (b) => (b % 36).toString(36)).join("");
  const hours = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }; // as the bot writes them
  const clock = (d) => d.toLocaleTimeString([], hours);
  const day = (d) => d.toDateString();
  const exact = (d) => d.toLocaleString([], { weekday: "long", day: "numeric", month: "long", year: "numeric", ...hours, second: "2-digit", timeZoneName: "short" });

  function moment(i) {
    const at = new Date(i.at), t = el("time");
    if (isNaN(at)) return document.createTextNode(i.text);
    t.dateTime = i.at; t.title = exact(at);
    t.textContent = day(at) === day(new Date()) ? clock(at) : at.toLocaleString([], { day: "numeric", month: "short", ...hours });
    return t;
  }
  function code(words) {
    if (!words.startsWith("/")) return el("code", "", words);
    const b = el("button", "code", words); // a command: it can be taken over
    b.type = "button"; b.title = "Put it into the message";
    b.addEventListener("click", () => { text.value = words; grow(); text.focus(); });
    return b;
  }
  function inline(i) {
    switch (i.kind) {
      case "bold": return el("b", "", i.text);
      case "italic": return el("i", "", i.text);
      case "code": return code(i.text);
      case "link": return link(i.url, i.text);
      case "time": return moment(i);
    }
    return document.createTextNode(i.text);
  }
  const put = (parent, inlines) => { for (const i of inlines || []) parent.append(inline(i)); return parent; };

  // ---- Blocks and entries.

  function cellClass(cell, column) {
    if (cell.startsWith("▲")) return "up";
    if (cell.startsWith("▼")) return "down";
    return column > 1 && /\p{L}/u.test(cell) ? "odd" : "";
  }
  function table(rows) {
    const box = el("div", "wide"), t = el("table"), body = el("tbody");
    for (const row of rows || []) {
      const tr = el("tr");
      row.forEach((cell, i) => {
        const td = el("td", i ? cellClass(cell, i) : "", cell);
        if (i === row.length - 1 && row.length < rows[0].length) td.colSpan = rows[0].length - row.length + 1;
        tr.append(td);
      });
      body.append(tr);
    }
    t.append(body); box.append(t);
    return box;
  }
  function folded(content, words) {
    const d = el("details");
    d.append(el("summary", "", words), content);
    return d;
  }
  function block(b, drawn) {
    switch (b.kind) {
      case "quote": return put(el("blockquote"), b.inlines);
      case "list": {
        const ul = el("ul");
        for (const item of b.items || []) ul.append(put(el("li"), item));
        if ([...ul.children].every((li) => /^\d+[.)] /.test(li.textContent))) ul.className = "counted"; // has its own numbers
        return ul;
      }
      case "fields": { const dl = el("dl"); for (const f of b.fields || []) dl.append(el("dt", "", f.name), put(el("dd"), f.value)); return dl; }
      case "table": return drawn && (b.rows || []).length > 5 ? folded(table(b.rows), "As a table") : table(b.rows); // the picture shows it too
    }
    return put(el("p"), b.inlines);
  }
  function picture(key, alt) {
    const b = el("button", "picture"), img = el("img");
    b.type = "button"; b.title = "Enlarge";
    img.alt = alt || "Picture"; img.src = "/picture?key=" + encodeURIComponent(key);
    b.addEventListener("click", () => { const big = $("zoom").querySelector("img"); big.src = img.src; big.alt = img.alt; $("zoom").showModal(); });
    img.addEventListener("error", () => b.replaceWith(el("p", "alt", alt || "The picture is not there any more.")));
    b.append(img);
    return b;
  }
  function buttonRow(row, id) {
    const r = el("div", "row");
    for (const b of row) {
      if (b.url) { const a = link(b.url, b.label); if (a.nodeType === Node.ELEMENT_NODE) r.append(a); continue; }
      const button = el("button", b.style || "", b.label);
      button.type = "button";
      button.addEventListener("click", () => press(b, id, button));
      r.append(button);
    }
    r.dataset.buttons = String(r.childElementCount);
    return r;
  }
  function render(id, body) {
    const you = body.from === "you", e = el("article", "entry " + (you ? "you" : "bot")), at = new Date(body.at);
    e.dataset.id = id; e.dataset.at = String(at.getTime());
    const bubble = el("div", "bubble");
    if (["rise", "fall", "warning"].includes(body.tone)) bubble.classList.add(body.tone);
    bubble.dir = "auto";
    if (you) bubble.textContent = body.text;
    if (body.title) { const t = el("h2"); t.append(body.url ? link(body.url, body.title) : document.createTextNode(body.title)); bubble.append(t); }
    for (const b of body.blocks || []) bubble.append(block(b, !!body.picture));
    if (body.picture) { bubble.classList.add("broad"); bubble.append(picture(body.picture, body.alt), ...bubble.querySelectorAll("details")); }
    else if (body.alt) bubble.append(el("p", "alt", body.alt));
    if (body.footer && body.footer.length) bubble.append(put(el("div", "foot"), body.footer));
    e.append(bubble);
    for (const row of body.buttons || []) { const r = buttonRow(row, id); if (r.childElementCount) e.append(r); }
    const when = el("div", "when", (body.edited ? "edited · " : "") + clock(at));
    when.title = exact(at);
    e.append(when);
    return e;
  }

  // ---- The list: in the order of when things were first said, a line between days.

  const entries = new Map();
  let unread = 0, stuck = true, top = 0;

  const bottom = () => { log.scrollTop = log.scrollHeight; top = log.scrollTop; };
  function mind() { // where we are: a picture that arrives below us is not a reader who goes up
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 60) stuck = true;
    else if (log.scrollTop < top) stuck = false;
    top = log.scrollTop;
    if (stuck && !document.hidden) unread = 0;
    tell();
  }
  function tell() {
    latest.hidden = stuck;
    latest.lastElementChild.textContent = unread ? unread + " new" : "Latest";
    document.title = (unread ? "(" + unread + ") " : "") + "Bellwether";
  }
  log.addEventListener("scroll", mind, { passive: true });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { mind(); if (source && source.readyState === EventSource.CLOSED) follow(); } });
  latest.addEventListener("click", () => { stuck = true; bottom(); mind(); });
  const sizes = new ResizeObserver(() => { if (stuck) bottom(); });
  sizes.observe(list); sizes.observe(log);

  function neighbour(e, way) {
    do { e = e[way]; } while (e && !e.dataset.id);
    return e;
  }
  function divide(e) { // puts or takes the line above an entry
    if (!e) return;
    const above = e.previousElementSibling, before = neighbour(e, "previousElementSibling"), at = new Date(Number(e.dataset.at));
    const wanted = !before || day(new Date(Number(before.dataset.at))) !== day(at);
    if (above && above.classList.contains("day")) { if (wanted) return; above.remove(); }
    if (!wanted) return;
    const line = el("div", "day");
    line.dataset.at = e.dataset.at; line.append(el("span"));
    e.before(line); label(line);
  }
  function label(line) {
    const at = new Date(Number(line.dataset.at)), now = new Date(), yesterday = new Date(now);
    yesterday.setDate(now.getDate() - 1);
    const near = { [day(now)]: "Today", [day(yesterday)]: "Yesterday" }[day(at)];
    line.firstElementChild.textContent = near || at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
  }
  function place(e) {
    let after = list.lastElementChild;
    while (after && (!after.dataset.id || Number(after.dataset.at) > Number(e.dataset.at))) after = after.previousElementSibling;
    if (after) after.after(e); else list.prepend(e);
    divide(e); divide(neighbour(e, "nextElementSibling"));
    for (const line of list.querySelectorAll(".day")) label(line);
  }
  function trim() {
    while (entries.size > keep) {
      const first = list.querySelector(".entry"), next = neighbour(first, "nextElementSibling");
      if (first.previousElementSibling) first.previousElementSibling.remove();
      entries.delete(first.dataset.id); first.remove(); divide(next);
    }
  }
  function show(item, live) {
    const known = entries.get(item.id);
    if (known && known.change >= item.change) return; // seen
    change = Math.max(change, item.change);
    const fresh = render(item.id, item.body), you = item.body.from === "you";
    if (!you) settle();
    entries.set(item.id, { change: item.change, element: fresh });
    if (known) {
      const held = known.element.contains(document.activeElement);
      known.element.replaceWith(fresh);
      if (live) fresh.classList.add("changed");
      if (held) log.focus({ preventScroll: true });
    } else {
      if (live) fresh.classList.add("new");
      place(fresh); trim();
      if (live && !you && (!stuck || document.hidden)) unread++;
    }
    if (waiting) list.append(waiting);
    if (you && live) stuck = true;
    if (stuck) bottom();
    tell();
  }
  function clear() { entries.clear(); list.replaceChildren(); change = 0; unread = 0; stuck = true; }

  // ---- Waiting for an answer.

  let waiting = null, waitTimer = 0;
  function wait() {
    clearTimeout(waitTimer);
    waitTimer = setTimeout(() => {
      if (!waiting) {
        waiting = el("div", "entry bot");
        const b = el("div", "bubble typing");
        b.append(el("i"), el("i"), el("i")); b.setAttribute("role", "img"); b.setAttribute("aria-label", "Bellwether is writing");
        waiting.append(b);
      }
      list.append(waiting);
      if (stuck) bottom();
      waitTimer = setTimeout(settle, 20000);
    }, 300);
  }
  function settle() { clearTimeout(waitTimer); if (waiting) { waiting.remove(); waiting = null; } }

  let toastTimer = 0;
  function toast(words) {
    const t = $("toast");
    t.textContent = words; t.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { t.hidden = true; }, Math.max(4000, words.length * 60));
  }

  // ---- Saying and pressing. A request that is tried again has the same id, so it is done once.

  const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));
  async function post(path, data) { // returns the answer, or { problem }
    for (let tries = 0; ; tries++) {
      try {
        const r = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Bellwether": "1" }, body: JSON.stringify(data) });
        if (r.status === 429 && tries < 4) { await pause(1000); continue; }
        if (!r.ok) return { problem: (await r.text()).trim().slice(0, 200) || "That did not work. Please try again." };
        return await r.json();
      } catch {
        if (tries >= 3) return { problem: "No connection. Please try again." };
        await pause(400 * (tries + 1));
      }
    }
  }
  function take(answer) {
    if (answer.problem || answer.toast || answer.modal) settle();
    if (answer.problem || answer.toast) toast(answer.problem || answer.toast);
    if (answer.modal) ask(answer.modal);
    return !answer.problem;
  }

  let failed = { words: "", id: "" }, last = "";
  async function say(words) {
    words = words.trim();
    if (!words) return true;
    const id = failed.words === words ? failed.id : token();
    hideMenu(); wait(); last = words;
    const done = take(await post("/say", { id, text: words, zone }));
    failed = done ? { words: "", id: "" } : { words, id };
    return done;
  }
  async function press(b, id, button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true"); wait();
    take(await post("/press", { id: token(), data: b.data, message: id, zone }));
    await pause(700);
    button.removeAttribute("aria-busy");
  }

  function ask(modal) {
    const d = $("modal"), f = d.querySelector("form"), asked = d.querySelector(".asked"), problem = d.querySelector(".problem"), save = d.querySelector(".primary");
    d.querySelector("h2").textContent = modal.title;
    asked.replaceChildren(); problem.hidden = true; save.disabled = false;
    for (const x of modal.fields || []) {
      const l = el("label", "", x.label), input = el(x.long ? "textarea" : "input");
      input.name = x.name; input.value = x.value; input.placeholder = x.hint; input.required = x.required;
      if (x.max > 0) input.maxLength = x.max;
      l.append(input); asked.append(l);
    }
    const id = token();
    f.onsubmit = async (e) => {
      e.preventDefault();
      const values = {};
      for (const i of asked.querySelectorAll("[name]")) values[i.name] = i.value;
      save.disabled = true; wait();
      const answer = await post("/press", { id, data: modal.data, form: values, zone });
      save.disabled = false;
      if (answer.problem) { settle(); problem.textContent = answer.problem; problem.hidden = false; return; }
      d.close(); take(answer);
    };
    d.querySelector(".cancel").onclick = () => d.close();
    if (!d.open) d.showModal();
    const first = asked.querySelector("[name]");
    if (first) { first.focus(); if (first.select) first.select(); }
  }
  $("zoom").addEventListener("click", () => $("zoom").close());

  // ---- Completing: commands, then the values of their options.

  let picked = -1, typedTimer = 0, asked = 0;
  function completing(value) { // what is being typed: { head, typed, option }
    const m = /^\/(\w+)\s+([^\n]*)$/.exec(value), c = m && commands.find((c) => c.name === m[1].toLowerCase());
    if (!c || !c.options) return null;
    const head = value.slice(0, value.length - m[2].length);
    if (c.named) {
      const n = /^(\S+)\s+(.*)$/.exec(m[2]), option = n && c.options.find((o) => o.name === n[1].toLowerCase());
      if (option) return { command: c.name, head: value.slice(0, value.length - n[2].length), typed: n[2], option };
      return n ? null : { command: c.name, head, typed: m[2], option: { choices: c.options.map((o) => ({ label: o.name, note: o.brief, value: o.name })) } };
    }
    const words = m[2].split(/\s+/), many = (c.usage || "").includes("…");
    const at = many ? 0 : Math.min(words.length, c.options.length) - 1, option = c.options[at];
    const typed = many ? words[words.length - 1] : at ? m[2].replace(/^\S+\s+/, "") : m[2];
    return { command: c.name, head: value.slice(0, value.length - typed.length), typed, option };
  }
  function suggest() {
    clearTimeout(typedTimer); asked++;
    const value = text.value, name = /^\/(\w*)$/.exec(value);
    if (name) {
      offer(commands.filter((c) => c.name.startsWith(name[1].toLowerCase())).map((c) => ({ label: "/" + c.name, note: c.brief, value: "/" + c.name + (c.usage ? " " : "") })));
      return;
    }
    const part = completing(value);
    if (!part || !part.option.suggest && !part.option.choices) { hideMenu(); return; }
    const fits = (list) => offer(list.map((c) => ({ label: c.label, note: c.note || "", value: part.head + c.value + " " })).filter((c) => c.value.trim() !== value.trim()));
    if (part.option.choices) { fits(part.option.choices.filter((c) => c.value.startsWith(part.typed.toLowerCase()))); return; }
    const turn = asked;
    typedTimer = setTimeout(async () => {
      try {
        const r = await fetch("/suggest?" + new URLSearchParams({ command: part.command, option: part.option.name, typed: part.typed }));
        const found = r.ok ? await r.json() : [];
        if (turn === asked) fits(found);
      } catch { hideMenu(); }
    }, 80);
  }
  function offer(found) {
    menu.replaceChildren(); picked = -1; text.removeAttribute("aria-activedescendant");
    if (!found.length) { hideMenu(); return; }
    found.slice(0, 25).forEach((o, i) => {
      const li = el("li");
      li.id = "o" + i; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false"); li.dataset.value = o.value;
      li.append(el("b", "", o.label));
      if (o.note) li.append(el("span", "", o.note));
      li.addEventListener("mousedown", (e) => e.preventDefault()); // the text keeps the focus
      li.addEventListener("click", () => choose(li));
      menu.append(li);
    });
    menu.hidden = false; menu.scrollTop = 0; text.setAttribute("aria-expanded", "true");
  }
  function hideMenu() { asked++; clearTimeout(typedTimer); menu.hidden = true; picked = -1; text.removeAttribute("aria-activedescendant"); text.setAttribute("aria-expanded", "false"); }
  function choose(li) { text.value = li.dataset.value; hideMenu(); grow(); text.focus(); suggest(); }
  function mark(step) {
    const all = menu.children;
    if (picked >= 0) all[picked].setAttribute("aria-selected", "false");
    picked = picked < 0 && step < 0 ? all.length - 1 : (picked + step + all.length) % all.length;
    all[picked].setAttribute("aria-selected", "true"); all[picked].scrollIntoView({ block: "nearest" });
    text.setAttribute("aria-activedescendant", all[picked].id);
  }

  // ---- The composer.

  function grow() {
    text.style.height = "auto"; text.style.height = Math.min(text.scrollHeight, 140) + "px";
    form.querySelector(".send").disabled = !text.value.trim();
  }
  let shifted = false;
  text.addEventListener("input", () => { grow(); suggest(); });
  text.addEventListener("beforeinput", (e) => { // the Enter of a phone's keyboard comes only like this
    if (e.inputType !== "insertLineBreak" || shifted || e.isComposing) return;
    e.preventDefault();
    if (text.value.trim()) form.requestSubmit();
  });
  text.addEventListener("keydown", (e) => {
    shifted = e.shiftKey;
    if (e.isComposing) return;
    const open = !menu.hidden, arrow = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (open && arrow) { e.preventDefault(); mark(arrow); return; }
    if (open && e.key === "Escape") { e.preventDefault(); hideMenu(); return; }
    if (open && e.key === "Tab" && !e.shiftKey) { e.preventDefault(); choose(menu.children[Math.max(picked, 0)]); return; }
    if (open && e.key === "Enter" && picked >= 0) { e.preventDefault(); choose(menu.children[picked]); return; }
    if (arrow < 0 && !text.value && last) { e.preventDefault(); text.value = last; grow(); return; }
    if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); form.requestSubmit(); }
  });
  text.addEventListener("blur", hideMenu);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const words = text.value;
    if (!words.trim()) return;
    text.value = ""; grow(); chips.replaceChildren();
    if (!(await say(words)) && !text.value) { text.value = words; grow(); }
  });
  function chip(words) {
    const b = el("button", "", words);
    b.type = "button";
    b.addEventListener("click", async () => { b.disabled = true; if (await say(words)) b.remove(); else b.disabled = false; });
    return b;
  }

  // ---- Light or dark.

  const dark = matchMedia("(prefers-color-scheme: dark)");
  try { const theme = localStorage.getItem("theme"); if (theme) document.documentElement.dataset.theme = theme; } catch { /* nothing is kept here */ }
  $("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light"), next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* it lasts until the page closes */ }
  });

  // ---- Following the transcript.

  let source = null, again = 0;
  function tellStatus(cls, words) { status.className = cls; if (status.textContent !== words) status.textContent = words; }
  function later(what) { clearTimeout(again); again = setTimeout(what, 1500); }
  function follow() {
    if (source) source.close();
    const s = source = new EventSource("/stream?after=" + change);
    s.addEventListener("hello", (e) => {
      tellStatus("live", "live");
      if (life && e.data !== life) { s.close(); begin(); } // the bot was started again
    });
    s.addEventListener("anew", () => { s.close(); clear(); begin(); });
    s.addEventListener("parted", () => { s.close(); tellStatus("lost", "paused: open in other tabs"); });
    s.onmessage = (e) => show(JSON.parse(e.data), true);
    s.onerror = () => {
      tellStatus("lost", "connection lost, trying again…");
      if (s.readyState === EventSource.CLOSED) later(follow);
    };
  }
  addEventListener("focus", () => { if (source && source.readyState === EventSource.CLOSED) follow(); });
  addEventListener("online", () => { if (source && source.readyState !== EventSource.OPEN) follow(); });

  async function begin() {
    let state;
    try {
      const r = await fetch("/state?" + new URLSearchParams({ zone }));
      if (r.status === 401) { tellStatus("lost", "please allow cookies, then load the page again"); return; }
      if (!r.ok) throw new Error(String(r.status));
      state = await r.json();
    } catch { tellStatus("lost", "cannot reach the bot, trying again…"); later(begin); return; }
    const first = life === "";
    if (state.change < change) clear(); // another transcript: the bot began from nothing
    life = state.life; commands = state.commands || [];
    for (const e of state.entries) show(e, false);
    change = Math.max(change, state.change);
    if (!state.entries.length) wait();
    if (state.entries.length < 3 && !chips.childElementCount) for (const s of state.suggestions || []) chips.append(chip(s));
    mind(); follow();
    if (first && !matchMedia("(pointer: coarse)").matches) text.focus();
  }
  begin();
})();
