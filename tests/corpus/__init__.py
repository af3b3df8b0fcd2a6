"""A corpus of invented policy documents in all formats, each with what a reader has to find in it."""
