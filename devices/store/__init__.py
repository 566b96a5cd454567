"""The one database of the books: engines, statements, declared tables, schema, copies and archives."""
