"""Pages of those who administer the unit."""
