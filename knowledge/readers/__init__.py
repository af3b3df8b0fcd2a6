"""Readers, one file a format, chosen by content: bytes in, text out."""
