"""Pages of what happens at the customer's."""
