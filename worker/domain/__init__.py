"""Rules and words. Standard library only: no clock, no I/O, no framework."""
