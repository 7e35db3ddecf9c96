// Progressive enhancement only: every page works without this file. No inline code, no third party.
"use strict";

const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

// The page of keys, laid over the page one is on.
function help() {
  const link = document.querySelector('a[href="/keys"][data-key]');
  if (!link || !window.HTMLDialogElement || document.getElementById("keys")) return;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("keys");
      const over = document.createElement("dialog");
      const close = document.createElement("button");
      page.querySelector("h1").id = "keys-title";
      over.setAttribute("aria-labelledby", "keys-title");
      close.textContent = "×";
      close.className = "close";
      close.setAttribute("aria-label", "Esc");
      close.addEventListener("click", () => over.close());
      over.append(close, page);
      over.addEventListener("close", () => { over.remove(); link.blur(); });
      document.body.append(over);
      over.showModal();
    } catch { window.location.assign(link.href); }
  });
}

// Drafts in this tab belong to one person: they go when they are recorded, when their owner leaves, when another comes.
function drafts() {
  const mine = `draft:${document.body.dataset.person}:`;
  const drop = (which) => { for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:") && which(key)) sessionStorage.removeItem(key); };
  if (document.body.dataset.person) drop((key) => !key.startsWith(mine));
  if (document.body.dataset.accepted) drop((key) => key === mine + document.body.dataset.accepted);
  for (const form of all("form[data-leaving]")) form.addEventListener("submit", () => drop(() => true));
}

// What is typed into a long form stays in this tab until the form has been taken. The call's card keeps its own.
function typed() {
  const mine = `draft:${document.body.dataset.person}:`;
  const forms = all("form[data-draft]:not([data-keep])");
  const here = new Set(forms.map((form) => mine + form.dataset.draft));
  if (document.body.dataset.person && !document.querySelector("[data-wrong]")) {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(mine) && !here.has(key) && JSON.parse(sessionStorage.getItem(key)).sent) sessionStorage.removeItem(key);
    }
  }
  for (const form of forms) {
    const name = mine + form.dataset.draft;
    const fields = () => Array.from(form.elements).filter((f) => f.name && !["hidden", "submit", "button"].includes(f.type));
    const ticked = (f) => (f.type === "radio" || f.type === "checkbox" ? f.checked : null);
    const put = (sent) => sessionStorage.setItem(name, JSON.stringify({ sent, fields: fields().map((f) => [f.name, f.value, ticked(f)]) }));
    const kept = form.dataset.restore === "no" ? null : JSON.parse(sessionStorage.getItem(name) || "null");
    for (const [key, value, checked] of kept ? kept.fields : []) {
      for (const field of fields().filter((f) => f.name === key)) {
        if (checked === null) field.value = value;
        else if (field.value === value) field.checked = checked;
      }
    }
    for (const sign of ["input", "change"]) form.addEventListener(sign, () => put(false));
    form.addEventListener("submit", () => put(true));
  }
}

// What is possible for a while says how long, and goes when it is over.
function whiles() {
  for (const form of all("form[data-left-s]")) {
    const shown = form.querySelector("[data-left]");
    const end = performance.now() + 1000 * Number(form.dataset.leftS);
    const tell = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left <= 0) { clearInterval(timer); form.remove(); return; }
      shown.textContent = shown.dataset.text.replace("{s}", String(left));
    };
    const timer = setInterval(tell, 1000);
    tell();
  }
}

// A button that must not be pressed twice.
function once() {
  for (const form of all("form[data-once]")) {
    form.addEventListener("submit", () => setTimeout(() => all("button", form).forEach((b) => { b.disabled = true; }), 0));
  }
  // Back from the next page, the buttons work again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) all("form[data-once] button").forEach((b) => { b.disabled = false; }); });
}

function counters() {
  for (const field of all("[data-count]")) {
    const shown = document.getElementById(field.dataset.count);
    const tell = () => { shown.textContent = shown.dataset.text.replace("{n}", String(field.maxLength - field.value.length)); };
    field.addEventListener("input", tell);
    field.form?.addEventListener("restored", tell);
    tell();
  }
}

// Pieces of a page that the server sends anew whenever they change. Who stands in one stays on the same link.
function live() {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const told = document.getElementById(root.dataset.liveState || "");
  const say = (what) => { if (told && told.textContent !== told.dataset[what]) told.textContent = told.dataset[what]; };
  const put = (place, html) => {
    if (!place || place.innerHTML === html) return;
    const href = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    place.innerHTML = html;
    if (href) place.querySelector(`[href="${CSS.escape(href)}"]`)?.focus();
  };
  const source = new EventSource(root.dataset.live);
  source.addEventListener("pieces", (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(document.getElementById(id), html);
    say("on");
  });
  source.addEventListener("end", () => { source.close(); say("over"); });
  source.addEventListener("error", () => { say("off"); });
}

drafts(); typed(); help(); whiles(); once(); counters(); live();
