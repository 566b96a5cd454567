"""The books as they are read: devices, documents, histories, changes."""
