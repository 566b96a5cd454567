"""Values and rule tables of the books, the database handle and the registers."""
