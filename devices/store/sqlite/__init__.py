"""What only one file needs: the queue of its writers, who is present at it, and copies of it."""
