// Keys: any link or button with data-key answers to that key, unless somebody is writing or has switched keys off.
// Loaded before the page is drawn, so that no key is lost: one pressed while the page still arrives acts once it is there.
"use strict";

(() => {
  const writing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  let ready = false;
  let early = null;
  const act = (key) => {
    if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return false;
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
    if (!target) return false;
    target.focus();
    target.click();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    if (event.target instanceof Element && writing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!ready) early ??= key;
    else if (act(key)) event.preventDefault();
  });
  // The other scripts have run by now: a key does what it does on the finished page.
  document.addEventListener("DOMContentLoaded", () => {
    ready = true;
    if (early !== null) act(early);
    document.documentElement.dataset.keys = "ready";
  });
})();
