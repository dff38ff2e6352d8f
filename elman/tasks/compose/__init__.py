"""Music: train on pieces, score them, write new ones."""
