"""A package for each task: the only room where models, data and training meet."""

from __future__ import annotations

import importlib

HOME = {
    "CaptionRun": "caption.task",
    "CaptionTask": "caption.config",
    "CaptionTraining": "caption.task",
    "ClassifyRun": "classify.task",
    "ClassifyTask": "classify.config",
    "ClassifyTraining": "classify.task",
    "ComposeRun": "compose.run",
    "ComposeTask": "compose.config",
    "ComposeTraining": "compose.training",
    "Conversation": "translate.chat",
    "Figure": "report",
    "ForecastRun": "forecast.run",
    "ForecastSession": "forecast.stream",
    "ForecastTask": "forecast.config",
    "ForecastTraining": "forecast.training",
    "LanguageModelRun": "language_model.task",
    "LanguageModelTask": "language_model.config",
    "LanguageModelTraining": "language_model.task",
    "Report": "report",
    "Score": "language_model.task",
    "Table": "report",
    "TagRun": "tag.task",
    "TagTask": "tag.config",
    "TagTraining": "tag.task",
    "TranscribeRun": "transcribe.run",
    "TranscribeTask": "transcribe.config",
    "TranscribeTraining": "transcribe.training",
    "Transcript": "transcribe.transcripts",
    "TranslateEval": "translate.config",
    "TranslatePredict": "translate.config",
    "TranslateRun": "translate.task",
    "TranslateTask": "translate.config",
    "TranslateTraining": "translate.task",
    "Translating": "translate.config",
    "Translation": "translate.translations",
    "next_words": "language_model.next_word",
}

__all__ = sorted(HOME)


def __getattr__(name: str) -> object:
    if name in HOME:
        return getattr(importlib.import_module(f"elman.tasks.{HOME[name]}"), name)
    raise AttributeError(f"module 'elman.tasks' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
