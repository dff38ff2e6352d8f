"""Classifying whole sequences: texts, DNA, signals, video. A kind of input is a file of its own."""
