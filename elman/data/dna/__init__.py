"""DNA: files of sequences, their alphabet, labels of sequences and of regions, tracks."""
