"""Sound and what is said in it: recordings, transcripts, letters. Read `manifest.py` first."""
