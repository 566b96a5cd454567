"""What happens at the customer's, as it is served."""
