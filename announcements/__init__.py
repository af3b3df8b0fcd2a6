"""Announcements and events: written, approved by somebody else, sent to exactly the firms they fit; registrations."""
