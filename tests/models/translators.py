"""Small translators and batches that the tests of models share."""

from __future__ import annotations

import torch
from torch import Tensor

from elman.models.translator import Translator
from elman.models.translator_config import TranslatorConfig

VS, VT = 9, 7
KINDS = [
    {"cell": "gru"},
    {"cell": "lstm", "attention": "additive", "num_layers": 2},
    {"cell": "gru", "num_layers": 1, "decoder_layers": 3, "decoder_size": 6},
    {"cell": "lstm", "num_layers": 2, "decoder_layers": 1},
    {"cell": "rnn", "attention": "none", "bidirectional": False},
    {"attention": "dot", "decoder_size": 10, "tie_weights": False},
]


def build(seed: int = 0, **options: object) -> Translator:
    small = {"hidden_size": 5, "embedding_size": 4, "num_layers": 1, "dropout": 0.0}
    torch.manual_seed(seed)
    model = Translator(VS, VT, TranslatorConfig.model_validate(small | options)).double()
    with torch.no_grad():  # far from uniform, so that nothing is nearly a tie
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return model


def batch(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Sources, lengths, targets: rows of different lengths, padded."""
    generator = torch.Generator().manual_seed(seed)
    sources, targets = [], []
    for s, t in ((6, 2), (1, 5), (4, 1), (3, 7)):
        sources.append([*torch.randint(VS, (s - 1,), generator=generator).tolist(), VS])
        targets.append([*torch.randint(VT, (t - 1,), generator=generator).tolist(), VT])
    lengths = [len(source) for source in sources]
    source = torch.tensor([one + [0] * (6 - len(one)) for one in sources])
    target = torch.tensor([one + [-1] * (7 - len(one)) for one in targets])
    return source, torch.tensor(lengths), target
