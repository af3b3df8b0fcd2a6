"use strict";
// The chat page with JavaScript: a message shows at once, htmx fetches its replies, and what failed can be sent again
// under the same id, so that nothing counts twice. Without this file every form still works as a plain form.
(() => {
  const log = document.getElementById("log");
  const composer = document.getElementById("ask");
  const input = document.getElementById("text");
  const inbox = document.getElementById("inbox");
  const touch = matchMedia("(pointer: coarse)").matches;
  const placeholder = input.placeholder;
  const sent = new WeakMap(); // a turn's replies element -> the values it was sent with
  const byKey = new WeakSet(); // replies to a button that was pressed with the keyboard

  const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
  const messageId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

  function say(values, shown) {
    const turn = fresh("turn");
    turn.querySelector("[data-said]").textContent = shown;
    document.getElementById("newest")?.removeAttribute("id");
    turn.id = "newest";
    log.append(turn);
    const replies = turn.querySelector(".replies");
    sent.set(replies, { ...values, id: messageId() });
    deliver(replies);
    turn.scrollIntoView({ block: "start" });
    return replies;
  }

  function deliver(replies) {
    replies.replaceChildren(fresh("pending"));
    htmx.ajax("POST", "/chat/messages", { source: replies, target: replies, swap: "innerHTML", values: sent.get(replies) }).catch(() => {});
  }

  function fail(replies, reason) {
    if (!sent.has(replies)) return; // a thumb: it can be pressed again
    const failed = fresh("failed");
    const words = failed.querySelector("[data-reason]");
    words.textContent = reason || (navigator.onLine ? words.dataset.broken : words.dataset.offline);
    failed.querySelector("[data-retry]").addEventListener("click", () => {
      deliver(replies);
      if (!touch) input.focus();
    });
    replies.replaceChildren(failed);
  }

  function detailOf(xhr) {
    try {
      return JSON.parse(xhr.responseText).detail;
    } catch {
      return "";
    }
  }

  // Only the newest replies' buttons can be pressed, and those about a thing that lasts (an offer, an introduction).
  function retireChoices() {
    const turns = log.querySelectorAll(".turn");
    turns.forEach((turn, index) => {
      if (index < turns.length - 1) for (const button of turn.querySelectorAll(".choices button:not([data-lasts])")) button.disabled = true;
    });
  }

  function grow() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-chat]")) return;
    event.preventDefault();
    const button = event.submitter;
    if (form === composer) {
      const text = input.value.trim();
      if (!text) return input.focus();
      say({ text }, text);
      input.value = "";
      grow();
      if (touch) input.blur();
      else input.focus();
    } else if (button?.name) {
      const keyed = button.matches(":focus-visible");
      const replies = say({ [button.name]: button.value }, button.textContent.trim());
      if (keyed) byKey.add(replies);
      if (keyed || !touch) input.focus({ preventScroll: true });
    }
    retireChoices();
  });

  // Enter sends; Shift+Enter is a new line; an Enter that ends the input of a Chinese word (IME) is neither.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    composer.requestSubmit();
  });
  input.addEventListener("input", grow);

  log.addEventListener("htmx:afterSwap", (event) => {
    const turn = event.target.closest(".turn");
    retireChoices();
    if (turn !== log.lastElementChild || event.detail.elt.closest(".votes, .reply .reply")) return;
    turn.scrollIntoView({ block: "start" });
    input.placeholder = turn.querySelector("[data-hint]")?.dataset.hint || placeholder;
    // Who answers with the keyboard goes on from button to button.
    if (byKey.has(event.target) && document.activeElement === input && !input.value) {
      turn.querySelector("form button:enabled")?.focus({ preventScroll: true });
    }
  });
  // Notices may have come, or been read: the count follows every message. What has not changed is left alone, or it
  // would be read out again, and take the focus away.
  log.addEventListener("htmx:afterSettle", () => htmx.trigger(inbox, "refresh"));
  inbox.addEventListener("htmx:beforeSwap", (event) => {
    const fetched = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").body.textContent.trim();
    if (fetched === inbox.textContent.trim()) event.detail.shouldSwap = false;
  });
  log.addEventListener("htmx:sendError", (event) => fail(event.target));
  log.addEventListener("htmx:timeout", (event) => fail(event.target));
  log.addEventListener("htmx:responseError", (event) => fail(event.target, detailOf(event.detail.xhr)));

  composer.noValidate = true;
  if (!touch) input.focus({ preventScroll: true });
  document.getElementById("newest")?.scrollIntoView({ block: "start" });
})();
