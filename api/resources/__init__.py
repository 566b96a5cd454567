"""What the API serves, a module for each kind of thing."""
