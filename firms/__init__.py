"""Firms: what is known about them, the rules that judge it, and who may see it."""
