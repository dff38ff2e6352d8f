"""Models of text that predict what comes next, and so can write."""
