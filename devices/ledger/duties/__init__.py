"""What is still to be done: deadlines, open orders, reviews that wait."""
