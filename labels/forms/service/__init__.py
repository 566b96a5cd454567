"""The forms of what is done at and for customers: repairs, jobs, installations, calls and complaints."""
