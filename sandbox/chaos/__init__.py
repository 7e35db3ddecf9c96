"""The proof by breaking: real processes, faults drawn from a seed, and promises checked on what the provider and the
database saw, never on what the program says of itself."""
