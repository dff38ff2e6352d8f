"""Parameters and topology: layers, cells, and what holds and regularises them.

Read `lstm.py` first, then `layer.py`. The equations and kernels are in `elman.ops`.
"""

from elman.nn import init
from elman.nn.attention import (
    ATTENTIONS,
    AdditiveAttention,
    Attention,
    AttentionOutput,
    DotAttention,
    MultiplicativeAttention,
    make_attention,
)
from elman.nn.cell import Cell, EquationCell
from elman.nn.crf import CRF
from elman.nn.gru import GRU, GRUCell
from elman.nn.layer import LayerTrace, RecurrentLayer
from elman.nn.lstm import LSTM, LSTMCell
from elman.nn.make import LAYERS, make_layer
from elman.nn.pooling import (
    POOLINGS,
    AttentionPooling,
    CentrePooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
    Pooling,
    make_pooling,
)
from elman.nn.recurrent import Bidirectional, Recurrent
from elman.nn.regularize import EmbeddingDropout, LockedDropout, embedding_dropout
from elman.nn.reverse_complement import InvariantPooling, ReverseComplement
from elman.nn.rnn import RNN, ElmanCell
from elman.nn.stack import Stacked
from elman.nn.state import (
    State,
    detach_state,
    map_state,
    state_from_tensors,
    state_to_tensors,
)

__all__ = [
    "ATTENTIONS",
    "CRF",
    "GRU",
    "LAYERS",
    "LSTM",
    "POOLINGS",
    "RNN",
    "AdditiveAttention",
    "Attention",
    "AttentionOutput",
    "AttentionPooling",
    "Bidirectional",
    "Cell",
    "CentrePooling",
    "DotAttention",
    "ElmanCell",
    "EmbeddingDropout",
    "EquationCell",
    "GRUCell",
    "InvariantPooling",
    "LSTMCell",
    "LastPooling",
    "LayerTrace",
    "LockedDropout",
    "MaxPooling",
    "MeanPooling",
    "MultiplicativeAttention",
    "Pooling",
    "Recurrent",
    "RecurrentLayer",
    "ReverseComplement",
    "Stacked",
    "State",
    "detach_state",
    "embedding_dropout",
    "init",
    "make_attention",
    "make_layer",
    "make_pooling",
    "map_state",
    "state_from_tensors",
    "state_to_tensors",
]
