"""What the world does to a service, done to Panku on purpose: `make torture`."""
