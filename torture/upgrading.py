"""Books of the version before, upgraded by servers that are killed on the way."""
