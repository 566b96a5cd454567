"""What happens at the customer's: dispatch orders, the records filed under them, installations, and what is due."""
