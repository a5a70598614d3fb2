"""What a report shows, a module a subject: each says which signals it needs and makes its section of a run's data."""
