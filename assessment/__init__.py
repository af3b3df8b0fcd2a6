"""Assessment: schemes as data, verdicts with reasons, and what to ask next."""
