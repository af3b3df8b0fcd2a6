"use strict";
// A link from a message may come without #quote: go to the marked passage all the same.
{
  const quote = document.getElementById("quote");
  if (quote) {
    if (!location.hash) quote.scrollIntoView({ block: "center" });
    quote.tabIndex = -1;
    quote.focus({ preventScroll: true });
  }
}
