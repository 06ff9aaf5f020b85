"""Recording: what is seen, what waits, where it goes, and what happens when something is away."""
