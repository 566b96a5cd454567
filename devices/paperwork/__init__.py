"""The records a document can rest on, as plain values: customers, orders, lists and papers."""
