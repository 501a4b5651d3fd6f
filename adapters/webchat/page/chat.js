"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const log = $("log"), text = $("text"), form = $("composer"), menu = $("menu"), chips = $("chips"), latest = $("latest"), status = $("status");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  let commands = [], change = 0, unread = 0, waiting = null, waitTimer = 0, source = null, picked = -1, menuFor = "";

  // Words from outside only ever become text; addresses only http and https.
  const el = (tag, cls, words) => { const e = document.createElement(tag); if (cls) e.className = cls; if (words !== undefined) e.textContent = words; return e; };
  const safe = (url) => { try { const u = new URL(url); return u.protocol === "https:" || u.protocol === "http:" ? u.href : ""; } catch { return ""; } };
  const link = (url, words) => { const href = safe(url); if (!href) return document.createTextNode(words); const a = el("a", "", words); a.href = href; a.target = "_blank"; a.rel = "noopener noreferrer nofollow"; return a; };
  const token = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => (b % 36).toString(36)).join("");
  const clock = (d) => d.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const sameDay = (a, b) => a.toDateString() === b.toDateString();

  function inline(i) {
    switch (i.kind) {
      case "bold": return el("b", "", i.text);
      case "italic": return el("i", "", i.text);
      case "code": return el("code", "", i.text);
      case "link": return link(i.url, i.text);
      case "time": {
        const t = el("time"), at = new Date(i.at);
        t.dateTime = i.at; t.textContent = sameDay(at, new Date()) ? clock(at) : at.toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
        t.title = at.toLocaleString(); return t;
      }
    }
    return document.createTextNode(i.text);
  }
  const put = (parent, list) => { for (const i of list || []) parent.append(inline(i)); return parent; };

  function block(b) {
    switch (b.kind) {
      case "quote": return put(el("blockquote"), b.inlines);
      case "list": { const ul = el("ul"); for (const item of b.items || []) ul.append(put(el("li"), item)); return ul; }
      case "fields": { const dl = el("dl", "fields"); for (const f of b.fields || []) dl.append(el("dt", "", f.name), put(el("dd"), f.value)); return dl; }
      case "table": {
        const table = el("table", "table"), body = el("tbody");
        for (const row of b.rows || []) {
          const tr = el("tr");
          row.forEach((cell, i) => tr.append(el("td", i < 2 ? "" : cell.startsWith("▲") ? "up" : cell.startsWith("▼") ? "down" : cell.startsWith("●") ? "" : "odd", cell)));
          body.append(tr);
        }
        table.append(body); return table;
      }
    }
    return put(el("p"), b.inlines);
  }

  function render(id, body) {
    const e = el("article", "entry " + (body.from === "you" ? "you" : "bot"));
    e.id = "e-" + id; e.dataset.at = body.at;
    const bubble = el("div", "bubble " + (body.tone || ""));
    if (body.from === "you") bubble.textContent = body.text;
    if (body.title) { const t = el("p", "title"); t.append(body.url ? link(body.url, body.title) : document.createTextNode(body.title)); bubble.append(t); }
    for (const b of body.blocks || []) bubble.append(block(b));
    if (body.picture) {
      const img = el("img", "picture"); img.src = "/picture?key=" + encodeURIComponent(body.picture); img.alt = body.alt || ""; img.loading = "lazy";
      img.addEventListener("click", () => { $("zoom").firstElementChild.src = img.src; $("zoom").firstElementChild.alt = img.alt; $("zoom").showModal(); });
      img.addEventListener("load", () => { if (near()) bottom(); }); img.addEventListener("error", () => img.remove());
      bubble.append(img);
    }
    if (body.footer && body.footer.length) bubble.append(put(el("div", "foot"), body.footer));
    e.append(bubble);
    for (const row of body.buttons || []) {
      const r = el("div", "row");
      for (const b of row) {
        if (b.url) { const a = link(b.url, b.label); if (a.nodeType === 1) r.append(a); continue; }
        const button = el("button", b.style || "", b.label); button.type = "button";
        button.addEventListener("click", () => press(b, id, button)); r.append(button);
      }
      e.append(r);
    }
    e.append(el("div", "time", clock(new Date(body.at))));
    return e;
  }

  const near = () => log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  const bottom = () => { log.scrollTop = log.scrollHeight; unread = 0; latest.hidden = true; };

  function show(item, live) {
    change = Math.max(change, item.change);
    const stick = near() || item.body.from === "you", old = $("e-" + item.id), fresh = render(item.id, item.body);
    if (old) { old.replaceWith(fresh); if (stick) bottom(); return; }
    const at = new Date(item.body.at), last = log.querySelector(".entry:last-of-type");
    if (!last || !sameDay(new Date(last.dataset.at), at)) {
      const d = el("div", "day"); d.append(el("span", "", sameDay(at, new Date()) ? "Today" : at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" }))); log.append(d);
    }
    if (item.body.from !== "you") settle();
    if (live) fresh.classList.add("new");
    log.append(fresh);
    if (waiting) log.append(waiting);
    if (stick) bottom();
    else if (item.body.from !== "you") { unread++; latest.hidden = false; latest.lastElementChild.textContent = unread + " new"; }
    while (log.querySelectorAll(".entry").length > 400) log.querySelector(".entry").remove();
  }

  function wait() {
    clearTimeout(waitTimer);
    waitTimer = setTimeout(() => {
      if (!waiting) { waiting = el("div", "entry bot"); const b = el("div", "bubble typing"); b.append(el("i"), el("i"), el("i")); b.setAttribute("aria-label", "Bellwether is writing"); waiting.append(b); }
      const stick = near(); log.append(waiting); if (stick) bottom();
      waitTimer = setTimeout(settle, 20000);
    }, 350);
  }
  function settle() { clearTimeout(waitTimer); if (waiting) { waiting.remove(); waiting = null; } }

  let toastTimer = 0;
  function toast(words) { const t = $("toast"); t.textContent = words; t.hidden = false; clearTimeout(toastTimer); toastTimer = setTimeout(() => { t.hidden = true; }, 4000); }

  async function post(path, data) {
    for (let tries = 0; ; tries++) {
      try {
        const r = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Bellwether": "1" }, body: JSON.stringify(data) });
        if (r.status === 429 && tries < 4) { await new Promise((ok) => setTimeout(ok, 200)); continue; }
        if (!r.ok) { settle(); toast((await r.text()).trim() || "That did not work."); return null; }
        return await r.json();
      } catch { if (tries >= 4) { settle(); toast("No connection. Please try again."); return null; } await new Promise((ok) => setTimeout(ok, 500 * (tries + 1))); }
    }
  }

  async function say(words) {
    words = words.trim(); if (!words) return false;
    hideMenu(); wait();
    const answer = await post("/say", { id: token(), text: words, zone });
    if (answer) take(answer);
    return !!answer;
  }
  async function press(b, id, button) {
    button.disabled = true; wait();
    const answer = await post("/press", { id: token(), data: b.data, message: id, label: b.label });
    if (answer) take(answer);
    setTimeout(() => { button.disabled = false; }, 1200);
  }
  function take(answer) {
    if (answer.toast) { settle(); toast(answer.toast); }
    if (answer.modal) { settle(); ask(answer.modal); }
  }

  function ask(modal) {
    const d = $("modal"), f = d.querySelector("form"), fields = d.querySelector(".fields");
    d.querySelector("h2").textContent = modal.title; fields.replaceChildren();
    for (const x of modal.fields || []) {
      const label = el("label", "", x.label), input = el(x.long ? "textarea" : "input");
      input.name = x.name; input.value = x.value; input.placeholder = x.hint; input.required = x.required; if (x.max) input.maxLength = x.max;
      label.append(input); fields.append(label);
    }
    f.onsubmit = async () => {
      const values = {}; for (const i of fields.querySelectorAll("[name]")) values[i.name] = i.value;
      wait(); const answer = await post("/press", { id: token(), data: modal.data, form: values }); if (answer) take(answer);
    };
    d.querySelector("[value=cancel]").onclick = () => d.close();
    d.showModal(); const first = fields.querySelector("[name]"); if (first) first.focus();
  }

  const optionOf = { quote: "symbol", chart: "symbol", watch: "symbol", unwatch: "symbol", alert: "symbol", follow: "feed", unfollow: "feed", bells: "market" };
  let typedTimer = 0;
  function suggest() {
    const value = text.value;
    const name = /^\/(\w*)$/.exec(value);
    if (name) {
      offer(commands.filter((c) => c.name.startsWith(name[1].toLowerCase())).map((c) => ({ label: "/" + c.name, note: c.brief, value: "/" + c.name + (c.usage ? " " : "") })), value);
      return;
    }
    const part = /^\/(\w+) +([^ ]*)$/.exec(value), zoneTyped = /^\/settings +zone +(.*)$/.exec(value);
    const option = zoneTyped ? "zone" : part && optionOf[part[1]];
    if (!option) { hideMenu(); return; }
    clearTimeout(typedTimer);
    typedTimer = setTimeout(async () => {
      const typed = zoneTyped ? zoneTyped[1] : part[2], command = zoneTyped ? "settings" : part[1];
      try {
        const r = await fetch("/suggest?" + new URLSearchParams({ command, option, typed }));
        if (!r.ok || text.value !== value) return;
        const head = value.slice(0, value.length - typed.length);
        offer((await r.json()).map((c) => ({ label: c.label, note: "", value: head + c.value + " " })), value);
      } catch { hideMenu(); }
    }, 90);
  }
  function offer(list, value) {
    menu.replaceChildren(); picked = -1; menuFor = value;
    if (!list.length) { hideMenu(); return; }
    list.slice(0, 20).forEach((o, i) => {
      const li = el("li"); li.id = "o" + i; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false"); li.dataset.value = o.value;
      li.append(el("b", "", o.label)); if (o.note) li.append(el("span", "", o.note));
      li.addEventListener("mousedown", (e) => { e.preventDefault(); choose(li); }); menu.append(li);
    });
    menu.hidden = false;
  }
  function hideMenu() { menu.hidden = true; picked = -1; text.removeAttribute("aria-activedescendant"); }
  function choose(li) { text.value = li.dataset.value; hideMenu(); grow(); text.focus(); suggest(); }
  function mark(step) {
    const all = menu.children; if (!all.length) return;
    if (picked >= 0) all[picked].setAttribute("aria-selected", "false");
    picked = (picked + step + all.length) % all.length; all[picked].setAttribute("aria-selected", "true"); all[picked].scrollIntoView({ block: "nearest" });
    text.setAttribute("aria-activedescendant", all[picked].id);
  }

  function grow() { text.style.height = "auto"; text.style.height = Math.min(text.scrollHeight, 140) + "px"; form.querySelector(".send").disabled = !text.value.trim(); }
  text.addEventListener("input", () => { grow(); suggest(); });
  text.addEventListener("keydown", (e) => {
    if (!menu.hidden && (e.key === "ArrowDown" || e.key === "ArrowUp")) { e.preventDefault(); mark(e.key === "ArrowDown" ? 1 : -1); return; }
    if (!menu.hidden && e.key === "Escape") { e.preventDefault(); hideMenu(); return; }
    if (!menu.hidden && (e.key === "Tab" || e.key === "Enter") && picked >= 0) { e.preventDefault(); choose(menu.children[picked]); return; }
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); }
  });
  text.addEventListener("blur", () => setTimeout(hideMenu, 150));
  form.addEventListener("submit", async (e) => {
    e.preventDefault(); const words = text.value; if (!words.trim()) return;
    text.value = ""; grow(); chips.replaceChildren();
    if (!(await say(words)) && !text.value) { text.value = words; grow(); }
  });
  latest.addEventListener("click", bottom);
  log.addEventListener("scroll", () => { if (near()) { unread = 0; latest.hidden = true; } });
  $("zoom").addEventListener("click", () => $("zoom").close());

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const paint = () => { document.documentElement.dataset.theme = stored() || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", paint); paint();
  $("theme").addEventListener("click", () => { const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; try { localStorage.setItem("theme", next); } catch { /* it lasts until the page closes */ } document.documentElement.dataset.theme = next; });

  function follow() {
    if (source) source.close();
    source = new EventSource("/stream?after=" + change);
    source.onopen = () => { status.className = "live"; status.textContent = "live"; };
    source.onmessage = (e) => show(JSON.parse(e.data), true);
    source.onerror = () => {
      status.className = "lost"; status.textContent = "connection lost, trying again…";
      if (source.readyState === EventSource.CLOSED) setTimeout(follow, 1500);
    };
  }
  async function begin() {
    try {
      const r = await fetch("/state"); if (!r.ok) throw new Error(String(r.status));
      const state = await r.json();
      commands = state.commands || [];
      for (const e of state.entries) show(e, false);
      change = Math.max(change, state.change);
      if (state.entries.length < 3) for (const s of state.suggestions || []) { const b = el("button", "", s); b.type = "button"; b.addEventListener("click", () => { b.remove(); say(s); }); chips.append(b); }
      bottom(); follow(); if (!matchMedia("(pointer: coarse)").matches) text.focus();
    } catch { status.className = "lost"; status.textContent = "cannot reach the bot, trying again…"; setTimeout(begin, 1500); }
  }
  begin();
})();
