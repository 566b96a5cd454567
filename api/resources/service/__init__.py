"""What is served of the service side: installations."""
