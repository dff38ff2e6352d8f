"""Giving each step of a sequence a tag: words of a sentence, bases of DNA, rows of a recording."""
