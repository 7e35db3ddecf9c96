"""The console: the callers' desk and the operators' board, as pages that work without a script."""
