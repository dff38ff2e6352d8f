"""Numbers told from whole sequences: a length from a swing, an effort from a stride."""
