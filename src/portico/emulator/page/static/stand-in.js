// Shows new requests as they come: the stand-in announces each, and the page loads #traffic again.
// While a request is open to be read, nothing moves.
"use strict";

{
  const PAUSE_MILLISECONDS = 300;
  const traffic = () => document.querySelector("#traffic");
  const source = new EventSource(traffic().dataset.stream);
  let waiting = false;
  let stale = false;

  const reading = () =>
    traffic().querySelector("details[open]") !== null ||
    (traffic().contains(document.activeElement) && document.activeElement.matches("input, select"));

  function show() {
    if (reading()) {
      stale = true;
      return;
    }
    stale = false;
    htmx.trigger(traffic(), "portico:traffic");
  }

  function announce() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      show();
    }, PAUSE_MILLISECONDS);
  }

  function showState() {
    const live = traffic().querySelector("[data-live]");
    live.hidden = source.readyState !== EventSource.OPEN;
  }

  // Requests may have come since the page was made, or while the stream was interrupted.
  source.addEventListener("listening", announce);
  source.addEventListener("request", announce);
  source.addEventListener("dropped", announce);
  source.addEventListener("open", showState);
  source.addEventListener("error", showState);
  document.addEventListener("htmx:afterSettle", showState);
  document.addEventListener(
    "toggle",
    () => {
      if (stale && !reading()) show();
    },
    true,
  );
  document.addEventListener("focusout", () =>
    setTimeout(() => {
      if (stale && !reading()) show();
    }),
  );
}
