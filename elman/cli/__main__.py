"""``python -m elman.cli``, which is ``elman``."""

from elman.cli import main

if __name__ == "__main__":
    main()
