"""One file for each task: the only room where models, data and training meet."""

from __future__ import annotations

import importlib

HOME = {
    "ClassifyRun": "classify.task",
    "ClassifyTask": "classify.config",
    "ClassifyTraining": "classify.task",
    "Conversation": "chat",
    "Figure": "report",
    "LanguageModelRun": "language_model",
    "LanguageModelTask": "config",
    "LanguageModelTraining": "language_model",
    "Report": "report",
    "Score": "language_model",
    "Table": "report",
    "TagRun": "tag.task",
    "TagTask": "tag.config",
    "TagTraining": "tag.task",
    "TranslateEval": "translate_config",
    "TranslatePredict": "translate_config",
    "TranslateRun": "translate",
    "TranslateTask": "translate_config",
    "TranslateTraining": "translate",
    "Translating": "translate_config",
    "Translation": "translations",
    "next_words": "next_word",
}

__all__ = sorted(HOME)


def __getattr__(name: str) -> object:
    if name in HOME:
        return getattr(importlib.import_module(f"elman.tasks.{HOME[name]}"), name)
    raise AttributeError(f"module 'elman.tasks' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
