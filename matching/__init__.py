"""Matching: offers of every kind, who may have them, who fits them best and why, and introductions with consent."""
