"""A line of plain text as words, for models that were trained on words."""

from __future__ import annotations

import re

__all__ = ["cut_words"]

PATTERN = re.compile(
    r"""
    https?://\S*[^\s.,;:!?)\]}"'»]       # an address, without the sentence's own mark behind it
    | [\w.+-]{1,64}@\w[\w-]*(?:\.\w[\w-]*)+   # of mail
    | \d+(?:[.,:/]\d+)*(?!\w)            # a number, a date, a time
    | (?:[^\W\d_]\.){2,}                 # U.S.
    | \w+?(?=n['’]t\b)                   # do, of don't
    | n['’]t\b
    | ['’](?:s|re|ve|ll|d|m)\b           # 's, of dog's
    | \w+(?:-\w+)*(?:['’](?!(?:s|re|ve|ll|d|m)\b)\w+)*
    | (?P<mark>[^\w\s])(?P=mark)*        # a mark, or the same one many times
    """,
    re.VERBOSE | re.IGNORECASE,
)


def cut_words(line: str) -> list[str]:
    """Return the words and marks of a line, as treebanks of English cut them.

    Joined words of English are taken apart (``don't`` is ``do n't``), hyphened ones are not.
    Text that is cut already, or is not English, is better cut at its spaces: ``line.split()``.

    Example:
        >>> cut_words("Ann's dog didn't cost $1,299.50 in the U.S. ... right?")
        ['Ann', "'s", 'dog', 'did', "n't", 'cost', '$', '1,299.50', 'in', 'the', 'U.S.', '...', ...]
    """
    return [match[0] for match in PATTERN.finditer(line)]
