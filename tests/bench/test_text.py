from __future__ import annotations

from elman.bench.record import Record
from elman.bench.text import row_lines, summary, tables


def test_a_row_shows_every_contender_and_every_ratio(record: Record) -> None:
    head, own, theirs, sgemm = row_lines(record.rows[0])
    assert head == "gru train 16, 128, 128, 128  (2 threads, auto takes 'cpu')"
    assert " ".join(own.split()) == "elman 2.00 ms (1.80 to 2.20) 50.0 GFLOP/s error 1e-07"
    assert theirs.endswith("error 2e-07    4.00x  target 4: reached")
    assert sgemm.split() == ["of", "sgemm", "0.5x", "target", "0.85:", "missed"]


def test_costs_are_said_to_be_costs(record: Record) -> None:
    _, _, plain = row_lines(record.rows[2])
    assert plain.endswith("1.50x as much  at most 1.5: reached")


def test_the_summary_counts_and_names_what_is_missed(record: Record) -> None:
    head, *missed = summary(record)
    assert head == "targets: 3 of 6 reached"
    assert missed == [
        "  missed: layers gru train 16, 128, 128, 128, of sgemm 0.5 (target 0.85)",
        "  missed: step lstm I = H = 64, torch cell 8.00 (target 9)",
        "  missed: memory gru T = 128, peak of torch.nn 1.20 (at most 1)",
    ]


def test_without_targets_there_is_no_summary() -> None:
    assert summary(Record({})) == []


def test_tables_hold_every_row(record: Record) -> None:
    found = tables(record)
    assert len(found) == 5
    layers = found[0]
    assert layers.title == "a layer over time, training and inference, training, 2 threads"
    assert layers.header[-3:] == ("times torch.nn", "of sgemm", "error (others)")
    (cells,) = layers.rows
    assert cells == (
        *("gru", "16, 128, 128, 128", "2.00 ms (1.80 to 2.20)", "50.0"),
        *("4.00, target 4: reached", "0.5, target 0.85: missed", "1e-07 (torch.nn 2e-07)"),
    )
    for table in found:
        assert all(len(row) == len(table.header) for row in table.rows)


def test_an_option_stands_beside_the_reference_in_float32(record: Record) -> None:
    table = tables(record)[2]
    assert table.header[3] == "over plain layer"
    assert table.rows[0][-1] == "1e-06 (reference in float32 2e-06)"
