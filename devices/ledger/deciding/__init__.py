"""What a document may do, decided on plain values alone. Nothing here reads or writes the books."""
