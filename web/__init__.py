"""The door for people: pages, templates and small scripts."""
