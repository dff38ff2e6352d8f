"""The knobs of reading tags."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.tagged_config import TaggedConfig


def test_columns_are_names_or_numbers() -> None:
    config = load_config(TaggedConfig, None, {"tag_column": -1, "token_column": "word"})
    assert (config.tag_column, config.token_column) == (-1, "word")


def test_unknown_scheme() -> None:
    with pytest.raises(ConfigError, match="'scheme' = 'bilou'"):
        load_config(TaggedConfig, None, {"scheme": "bilou"})


def test_no_torch() -> None:
    code = "import sys, elman.data.tagged, elman.tasks.tag.config; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
