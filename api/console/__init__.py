"""The staff console: plain pages behind sign-in for what a clerk needs daily."""
