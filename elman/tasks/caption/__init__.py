"""Clips and pictures told in a sentence."""
