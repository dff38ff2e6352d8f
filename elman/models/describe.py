"""What a model is made of, as a table to print."""

from __future__ import annotations

from torch import nn

__all__ = ["describe", "parameter_count"]


def parameter_count(model: nn.Module) -> int:
    """Return how many numbers a model trains; shared parameters count once."""
    return sum(parameter.numel() for parameter in model.parameters())


def describe(model: nn.Module) -> str:
    """Return a table with a row for each parameter: name, shape, count, size.

    Example:
        >>> print(describe(torch.nn.Linear(3, 2)))
        parameter  shape         count        MB
        weight     2 x 3             6      0.00
        bias       2                 2      0.00
        total                        8      0.00
    """
    rows = [("parameter", "shape", "count", "MB")]
    megabytes = 0.0
    for name, parameter in model.named_parameters():
        size = parameter.numel() * parameter.element_size() / 1e6
        shape = " x ".join(str(n) for n in parameter.shape)
        rows.append((name, shape, f"{parameter.numel():,}", f"{size:.2f}"))
        megabytes += size
    rows.append(("total", "", f"{parameter_count(model):,}", f"{megabytes:.2f}"))
    name_width, shape_width = (max(len(row[k]) for row in rows) for k in (0, 1))
    return "\n".join(
        f"{name:<{name_width}}  {shape:<{shape_width}}  {count:>12}  {size:>8}".rstrip()
        for name, shape, count, size in rows
    )
