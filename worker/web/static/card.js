// The open card: what is typed is kept, the lease beats, news come in, and a lost network loses nothing.
"use strict";

(() => {
  const form = document.getElementById("call");
  const lease = document.getElementById("lease");
  const news = document.getElementById("news");
  const person = document.body.dataset.person;
  const show = (id, shown) => document.getElementById(id)?.toggleAttribute("hidden", !shown);
  const asked = { headers: { "X-Requested-With": "console" } };

  let touched = performance.now();
  for (const sign of ["keydown", "pointerdown", "input", "scroll"]) {
    document.addEventListener(sign, () => { touched = performance.now(); }, { passive: true });
  }

  // Drafts. Kept in this tab at every stroke, on the server a moment later; what touches health stays in the tab.
  // The tab's own is newer only while the server has not confirmed it.
  if (form) {
    const name = `draft:${person}:${form.dataset.draft}`;
    const told = document.getElementById("kept");
    const fields = () => Array.from(form.elements).filter((f) => f.name && !["hidden", "submit", "button"].includes(f.type));
    const ticked = (f) => (f.type === "radio" || f.type === "checkbox" ? f.checked : null);
    const put = (confirmed) => sessionStorage.setItem(name, JSON.stringify({
      confirmed, fields: fields().map((f) => [f.name, f.value, ticked(f)]),
    }));
    const restore = () => {
      const kept = JSON.parse(sessionStorage.getItem(name) || "null");
      if (!kept || form.dataset.restore === "no") return;
      for (const [key, value, checked] of kept.fields) {
        for (const field of fields().filter((f) => f.name === key)) {
          if (kept.confirmed && !("hereOnly" in field.dataset)) continue;
          if (checked === null) field.value = value;
          else if (field.value === value) field.checked = checked;
        }
      }
      form.dispatchEvent(new Event("restored"));
    };
    const body = () => new URLSearchParams(new FormData(form));
    let waiting = 0;
    let version = 0;
    const keep = async () => {
      const mine = version;
      try {
        const answer = await fetch(form.dataset.keep, { ...asked, method: "POST", body: body() });
        if (answer.status === 401) show("trouble-session", true);
        if (!answer.ok) return;
        if (mine === version) put(true);
        told.textContent = told.dataset.kept;
      } catch { told.textContent = told.dataset.away; }
    };
    const changed = () => {
      version += 1;
      put(false);
      clearTimeout(waiting);
      waiting = setTimeout(keep, 800);
    };
    restore();
    for (const sign of ["input", "change"]) document.addEventListener(sign, (event) => { if (event.target.form === form) changed(); });

    // Sending. The page stays until the server has said yes.
    const again = document.querySelector("[data-again]");
    let last = null;
    const busy = (on) => { for (const b of form.elements) if (b.type === "submit") b.disabled = on; };
    const plainly = (button) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: button.name, value: button.value });
      form.append(field);
      busy(false);
      form.submit();
    };
    const send = async (button) => {
      last = button;
      clearTimeout(waiting);
      version += 1;
      put(false);
      const said = body();
      said.append(button.name, button.value);
      busy(true);
      show("trouble-network", false);
      try {
        const limit = AbortSignal.timeout ? AbortSignal.timeout(20000) : undefined;
        const answer = await fetch(form.action, { ...asked, method: "POST", body: said, signal: limit });
        if (answer.ok) { window.location.assign((await answer.json()).to); return; }
        busy(false);
        if (answer.status === 401) show("trouble-session", true);
        else if (answer.status >= 500) show("trouble-network", true);
        else plainly(button);
      } catch {
        busy(false);
        show("trouble-network", true);
        again.focus();
      }
    };
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || button.hasAttribute("formaction")) return;
      event.preventDefault();
      send(button);
    });
    again.addEventListener("click", () => send(last));
  }

  // The lease is counted by this machine's stopwatch, not by its clock, which may be wrong.
  let end = performance.now() + 1000 * Number(news.querySelector("[data-left-s]").dataset.leftS);
  let mine = lease !== null;
  const tell = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    lease.textContent = lease.dataset.text.replace("{min}", String(Math.floor(left / 60))).replace("{s}", String(left % 60).padStart(2, "0"));
    lease.classList.toggle("lease-short", left < 120);
    show("lease-lost", mine && left === 0);
  };
  const renew = async () => {
    if (performance.now() - touched > 10 * 60 * 1000) return;
    try {
      const body = new URLSearchParams({ csrf: lease.dataset.csrf });
      const answer = await fetch(lease.dataset.renew, { ...asked, method: "POST", body });
      if (answer.ok) end = performance.now() + 1000 * (await answer.json()).left_s;
      else if (answer.status === 401) show("trouble-session", true);
    } catch { /* the countdown goes on, and says so when it ends */ }
  };
  if (lease) {
    setInterval(tell, 1000);
    setInterval(renew, 60 * 1000);
    tell();
  }

  // News: a late answer, an emergency word, a colleague who has taken or closed the call.
  let shown = news.innerHTML.trim();
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(news.dataset.news, asked);
      if (!answer.ok) return;
      const text = (await answer.text()).trim();
      const parsed = new DOMParser().parseFromString(text, "text/html").querySelector("[data-hand]");
      mine = lease !== null && parsed.dataset.hand === "mine";
      if (lease) lease.toggleAttribute("hidden", !mine);
      if (parsed.dataset.hand !== "mine") show("lease-lost", false);
      const plain = (html) => html.replace(/data-left-s="\d+"/, "");
      if (plain(text) !== plain(shown)) { shown = text; news.replaceChildren(parsed); }
    } catch { /* the next look */ }
  };
  setInterval(look, 8 * 1000);
  document.addEventListener("visibilitychange", look);
})();
