"""Measure what the README claims: one script per figure, each as a ratio taken in one run."""
