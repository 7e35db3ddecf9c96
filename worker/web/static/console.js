// Progressive enhancement only: every page works without this file. No inline code, no third party.
"use strict";

const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

// Keys: any link or button with data-key answers to that key, unless somebody is writing.
function keys() {
  const writing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target instanceof Element && writing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.click();
  });
}

// Whatever is typed is kept here, in this browser tab, until the server has it.
function drafts() {
  for (const form of all("form[data-draft]")) {
    const name = "draft:" + form.dataset.draft;
    const fields = () => all("input:not([type=hidden]):not([type=password]), textarea, select", form).filter((field) => field.name);
    const save = () => {
      const kept = fields().map((f) => [f.name, f.value, f.type === "radio" || f.type === "checkbox" ? f.checked : null]);
      sessionStorage.setItem(name, JSON.stringify(kept));
    };
    const kept = JSON.parse(sessionStorage.getItem(name) || "null");
    if (kept && form.dataset.restore !== "no") {
      for (const [key, value, checked] of kept) {
        for (const field of fields().filter((f) => f.name === key)) {
          if (checked === null) { if (!field.value) field.value = value; }
          else if (field.value === value) field.checked = checked;
        }
      }
    }
    form.addEventListener("input", save);
    form.addEventListener("submit", () => sessionStorage.setItem("sent", name));
  }
  const sent = sessionStorage.getItem("sent");
  if (sent && document.body.dataset.accepted === "yes") sessionStorage.removeItem(sent);
  sessionStorage.removeItem("sent");
}

// A claim is a lease: it is renewed while the card is open and somebody is there, and its end is counted down in view.
function lease() {
  const shown = document.querySelector("[data-lease-until]");
  if (!shown) return;
  let until = Date.parse(shown.dataset.leaseUntil);
  let touched = Date.now();
  for (const sign of ["keydown", "pointerdown", "input", "scroll"]) document.addEventListener(sign, () => { touched = Date.now(); }, { passive: true });
  const tell = () => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000));
    shown.textContent = shown.dataset.text.replace("{min}", String(Math.floor(left / 60))).replace("{s}", String(left % 60).padStart(2, "0"));
    document.getElementById("lease-lost")?.toggleAttribute("hidden", left > 0);
  };
  const renew = async () => {
    if (Date.now() - touched > 10 * 60 * 1000) return;
    try {
      const body = new URLSearchParams({ csrf: shown.dataset.csrf });
      const answer = await fetch(shown.dataset.renew, { method: "POST", body, headers: { "X-Requested-With": "console" } });
      if (answer.ok) until = Date.parse((await answer.json()).until);
    } catch { /* the countdown goes on, and says so when it ends */ }
  };
  setInterval(tell, 1000);
  setInterval(renew, 60 * 1000);
  tell();
}

// A button that must not be pressed twice.
function once() {
  for (const form of all("form[data-once]")) {
    form.addEventListener("submit", () => setTimeout(() => all("button", form).forEach((b) => { b.disabled = true; }), 0));
  }
}

function counters() {
  for (const field of all("[data-count]")) {
    const shown = document.getElementById(field.dataset.count);
    const tell = () => { shown.textContent = shown.dataset.text.replace("{n}", String(field.maxLength - field.value.length)); };
    field.addEventListener("input", tell);
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

drafts(); keys(); lease(); once(); counters(); live();
