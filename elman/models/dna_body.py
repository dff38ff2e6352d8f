"""The recurrent body of DNA whose layers read both strands with the same weights."""

from __future__ import annotations

from elman.models.body import RecurrentBody, dropout_of, make_recurrent
from elman.models.config import BodyConfig
from elman.nn import ReverseComplement, Stacked

__all__ = ["StrandBody"]


class StrandBody(RecurrentBody):
    """A recurrent body that is equivariant: the reverse complement comes out reversed.

    Args:
        input_size: Features per step, I; equivariant ones.
        config: The layers and their regularisation.
        bidirectional: Whether each layer also runs backwards along each strand.

    Shape:
        - x: ``(T, B, I)``; lengths: ``(B,)``
        - returns: `BodyOutput` of ``R = 2 * hidden_size`` features, twice that if bidirectional

    Example:
        >>> body = StrandBody(4, BodyConfig(hidden_size=3, num_layers=2, dropout=0))
        >>> x = torch.randn(5, 1, 4)
        >>> turned = body(x.flip(0, 2)).output
        >>> torch.allclose(turned, body(x).output.flip(0, 2), atol=1e-6)
        True
    """

    def __init__(self, input_size: int, config: BodyConfig, *, bidirectional: bool = False) -> None:
        super().__init__(input_size, config, bidirectional=bidirectional)
        one = self.output_size
        inputs = [input_size] + [2 * one] * (config.num_layers - 1)
        layers = [
            ReverseComplement(
                make_recurrent(config, size, config.hidden_size, bidirectional=bidirectional)
            )
            for size in inputs
        ]
        self.layers = Stacked(layers, dropout=dropout_of(config.dropout_hidden, config.dropout))
        self.output_size = 2 * one
