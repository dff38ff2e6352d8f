"""Speech to text by CTC: train, score, transcribe files and live sound. Read `training.py`."""
