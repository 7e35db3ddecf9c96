"""The web process: what the provider calls, and what tells an operator how it stands."""
