"""Whole networks: frontend -> recurrent body -> head, one file per topology.

Public names arrive when they are asked for, so that what needs no torch (`config`, `ngram`)
can be imported without it. The function `generate` has its file's name, so it is imported from
there. Read `language_model.py` first.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman.models.attention_decoder import AttentionDecoder, DecoderLoss
    from elman.models.attention_decoder_config import AttentionDecoderConfig
    from elman.models.attribution import Attribution, integrated_gradients
    from elman.models.bag_of_words import BagOfWords, NaiveBayes
    from elman.models.captioner import Captioner
    from elman.models.captioner_config import CaptionerConfig
    from elman.models.classifier import SequenceClassifier, token_classifier
    from elman.models.classifier_config import ClassifierConfig, TokenClassifierConfig
    from elman.models.composer_config import ComposerConfig, RollModelConfig
    from elman.models.config import BodyConfig, LanguageModelConfig
    from elman.models.ctc import PrefixBeam, align, prefix_beam_search
    from elman.models.decode import Hypothesis, beam_search, greedy
    from elman.models.direct_forecaster import DirectForecaster
    from elman.models.dna_classifier import DnaClassifier
    from elman.models.dna_frontend import DnaFrontend
    from elman.models.dna_tagger import DnaTagger
    from elman.models.forecaster import Features, Window
    from elman.models.forecaster_config import ForecasterConfig
    from elman.models.frontend import TokenFrontend
    from elman.models.generate import next_token_probs
    from elman.models.language_model import LanguageModel, LanguageModelLoss
    from elman.models.log_mel import LogMel
    from elman.models.ngram import NGram, uniform_nats
    from elman.models.path_forecaster import PathForecaster
    from elman.models.roll_model import RollLoss, RollModel
    from elman.models.sampler import Sampler
    from elman.models.save import load_model, model_bytes, model_metadata
    from elman.models.spec_augment import SpecAugment
    from elman.models.step_tagger import StepTagger
    from elman.models.step_tagger_config import StepTaggerConfig
    from elman.models.tagger import Tagger, TaggerInput
    from elman.models.tagger_config import TaggerConfig
    from elman.models.transcriber import Transcriber
    from elman.models.transcriber_config import TranscriberConfig
    from elman.models.translator import Translator
    from elman.models.translator_config import TranslatorConfig

__all__ = [
    "AttentionDecoder",
    "AttentionDecoderConfig",
    "Attribution",
    "BagOfWords",
    "BodyConfig",
    "Captioner",
    "CaptionerConfig",
    "ClassifierConfig",
    "ComposerConfig",
    "DecoderLoss",
    "DirectForecaster",
    "DnaClassifier",
    "DnaFrontend",
    "DnaTagger",
    "Features",
    "ForecasterConfig",
    "Hypothesis",
    "LanguageModel",
    "LanguageModelConfig",
    "LanguageModelLoss",
    "LogMel",
    "NGram",
    "NaiveBayes",
    "PathForecaster",
    "PrefixBeam",
    "RollLoss",
    "RollModel",
    "RollModelConfig",
    "Sampler",
    "SequenceClassifier",
    "SpecAugment",
    "StepTagger",
    "StepTaggerConfig",
    "Tagger",
    "TaggerConfig",
    "TaggerInput",
    "TokenClassifierConfig",
    "TokenFrontend",
    "Transcriber",
    "TranscriberConfig",
    "Translator",
    "TranslatorConfig",
    "Window",
    "align",
    "beam_search",
    "greedy",
    "integrated_gradients",
    "load_model",
    "model_bytes",
    "model_metadata",
    "next_token_probs",
    "prefix_beam_search",
    "token_classifier",
    "uniform_nats",
]

HOME = {
    "AttentionDecoder": "attention_decoder",
    "AttentionDecoderConfig": "attention_decoder_config",
    "Attribution": "attribution",
    "BagOfWords": "bag_of_words",
    "BodyConfig": "config",
    "Captioner": "captioner",
    "CaptionerConfig": "captioner_config",
    "ClassifierConfig": "classifier_config",
    "ComposerConfig": "composer_config",
    "DecoderLoss": "attention_decoder",
    "DirectForecaster": "direct_forecaster",
    "DnaClassifier": "dna_classifier",
    "DnaFrontend": "dna_frontend",
    "DnaTagger": "dna_tagger",
    "Features": "forecaster",
    "ForecasterConfig": "forecaster_config",
    "Hypothesis": "decode",
    "LanguageModel": "language_model",
    "LanguageModelConfig": "config",
    "LanguageModelLoss": "language_model",
    "LogMel": "log_mel",
    "NGram": "ngram",
    "NaiveBayes": "bag_of_words",
    "PathForecaster": "path_forecaster",
    "PrefixBeam": "ctc",
    "RollLoss": "roll_model",
    "RollModel": "roll_model",
    "RollModelConfig": "composer_config",
    "Sampler": "sampler",
    "SequenceClassifier": "classifier",
    "SpecAugment": "spec_augment",
    "StepTagger": "step_tagger",
    "StepTaggerConfig": "step_tagger_config",
    "Tagger": "tagger",
    "TaggerConfig": "tagger_config",
    "TaggerInput": "tagger",
    "TokenClassifierConfig": "classifier_config",
    "TokenFrontend": "frontend",
    "Transcriber": "transcriber",
    "TranscriberConfig": "transcriber_config",
    "Translator": "translator",
    "TranslatorConfig": "translator_config",
    "Window": "forecaster",
    "align": "ctc",
    "beam_search": "decode",
    "greedy": "decode",
    "integrated_gradients": "attribution",
    "load_model": "save",
    "model_bytes": "save",
    "model_metadata": "save",
    "next_token_probs": "generate",
    "prefix_beam_search": "ctc",
    "token_classifier": "classifier",
    "uniform_nats": "ngram",
}


def __getattr__(name: str) -> Any:
    if name not in HOME:
        raise AttributeError(f"module 'elman.models' has no attribute '{name}'")
    return getattr(importlib.import_module(f"elman.models.{HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
