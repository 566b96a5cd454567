"""What documents are on paper, and the papers they rest on."""
