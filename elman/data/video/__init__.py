"""Video: clips found, frames read by time, decoded beside the training, altered and batched."""
