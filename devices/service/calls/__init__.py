"""Follow-up calls: what customers are asked about each job, what they answer, and what comes of it."""
