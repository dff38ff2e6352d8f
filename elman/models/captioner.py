r"""The captioner: frames read, a sentence written, with attention over the frames in between.

.. math::
    f_t = \text{frontend}(x_t) \qquad m_t = [\text{body}(f_{1..T})_t; f_t] \qquad
    p(y \mid x) = \text{decoder}(y, m)

The decoder looks back at each frame as the body understood it, and as it is: what a thing is shows
in the frame alone, and is learned much sooner without the body in between. The frontend is given to
it, so that pixels and saved features are told by the same rest; the decoder is that of
`attention_decoder.py`. A picture is one frame.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from elman._errors import DataError
from elman._shapes import check_shape
from elman.models.attention_decoder import AttentionDecoder, DecoderState, Memory
from elman.models.body import RecurrentBody
from elman.models.captioner_config import CaptionerConfig
from elman.models.frontend import Frontend

__all__ = ["Captioner"]


class Captioner(AttentionDecoder):
    """A frontend, recurrent layers over frames, attention and a decoder, trained together.

    Args:
        frontend: A module that turns the inputs into ``(T, B, E)``; see `frontend.py`.
        vocab_size: Tokens of the captions without the end.
        config: Body and decoder.

    Shape:
        - inputs: what the frontend takes; lengths: ``(B,)`` int64, frames of each
        - targets: ``(B, L)`` int64, each row its tokens and `end`, then numbers below zero

    Source:
        Frames read by one recurrent network and told by another: Venugopalan et al. 2015,
        arXiv:1505.00487; attention over the frames: Yao et al. 2015, arXiv:1502.08029.

    Example:
        >>> class Transposed(torch.nn.Module):  # features as they are
        ...     output_size = 3
        ...     def forward(self, inputs):
        ...         return inputs.transpose(0, 1)
        >>> model = Captioner(Transposed(), 10, CaptionerConfig(hidden_size=8))
        >>> inputs, lengths = torch.randn(2, 5, 3), torch.tensor([5, 1])
        >>> model(inputs, lengths, torch.tensor([[4, 5, 10], [6, 10, -1]])).shape
        torch.Size([2, 3, 11])
    """

    def __init__(self, frontend: nn.Module, vocab_size: int, config: CaptionerConfig) -> None:
        features = cast(Frontend, frontend).output_size
        units = (2 if config.bidirectional else 1) * config.hidden_size
        super().__init__(units + features, vocab_size, config, state_size=units)
        self.frontend = frontend
        self.encoder = RecurrentBody(features, config, bidirectional=config.bidirectional)

    def encode(self, inputs: Any, lengths: Tensor) -> tuple[DecoderState, Memory]:
        """Read frames; return the decoder's first state and what it can look at."""
        features = cast(Frontend, self.frontend)(inputs)
        if features.shape[0] == 0:
            raise DataError("expected at least one frame, got none")
        check_shape("lengths", lengths, B=features.shape[1])
        read = self.encoder(features, lengths=lengths)
        both = torch.cat([read.output, features], -1)
        return self.begin(read._replace(output=both), lengths)
