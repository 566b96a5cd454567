"""Pages of documents, orders, packing lists, labels and attachments."""
