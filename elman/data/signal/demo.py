"""Recordings made by rule, so that there is something to try without any file.

==============  ========  ==================================================================
``gestures``    classify  a hand drawing figures, its acceleration in three axes, 12 people
``daily-life``  tag       what eight people do all morning, by a sensor at the hip
``pendulums``   regress   angles of a pendulum at odd times, some missing; how long is it?
``digit-rows``  classify  scikit-learn's digits, the rows of a picture one after the other
==============  ========  ==================================================================

The people differ in pace, strength and in how they hold the sensor, so that a split which puts
one of them on both sides flatters itself.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.package import Package

__all__ = ["DIGITS", "daily_life", "digit_rows", "gestures", "pendulums"]

DIGITS = Package("sklearn")
FIGURES = ("circle", "eight", "flick", "shake", "square", "wave")
RATE = 25.0
"""Samples a second."""
G = 9.81
Floats = NDArray[np.float64]


def gestures(people: int = 12, takes: int = 8) -> Iterator[str]:
    """Return a long table: clip, subject, time in seconds, acceleration in m/s^2, gesture."""
    rng = np.random.default_rng(1)
    yield "clip,subject,time,x,y,z,gesture\n"
    clip = 0
    for person in range(1, people + 1):
        pace, strength = np.exp(0.25 * rng.standard_normal(2))
        hold = rotation(rng, 35.0)
        for figure in FIGURES:
            for _ in range(takes):
                clip += 1
                seconds = rng.uniform(1.0, 2.2) / pace
                time = np.arange(int(seconds * RATE) + 2) / RATE
                way = path(figure, time / time[-1], rng) * strength * 0.25
                force = np.gradient(np.gradient(way, 1 / RATE, axis=0), 1 / RATE, axis=0)
                force = (force + np.array([0.0, G, 0.0])) @ hold.T + 1.2 * rng.standard_normal(
                    force.shape
                )
                for t, (x, y, z) in zip(time, force, strict=True):
                    yield f"{clip},{person},{t:.2f},{x:.2f},{y:.2f},{z:.2f},{figure}\n"


def path(figure: str, u: Floats, rng: np.random.Generator) -> Floats:
    """Return the way ``(T, 3)`` of a figure while u goes from 0 to 1."""
    turn = 2 * np.pi * (u + rng.uniform(0, 1))
    size = np.exp(0.15 * rng.standard_normal(3))
    flat = np.zeros_like(u)
    if figure == "circle":
        way = np.stack([np.cos(turn), np.sin(turn), flat], 1)
    elif figure == "eight":
        way = np.stack([np.sin(turn), 0.6 * np.sin(2 * turn), flat], 1)
    elif figure == "square":
        corner = np.abs(((turn / np.pi) % 2) - 1)
        other = np.abs(((turn / np.pi + 0.5) % 2) - 1)
        way = np.stack([np.clip(3 * corner - 1.5, -1, 1), np.clip(3 * other - 1.5, -1, 1), flat], 1)
    elif figure == "shake":
        way = np.stack([0.5 * np.sin(4 * turn), flat, 0.1 * np.sin(4 * turn + 1)], 1)
    elif figure == "wave":
        way = np.stack([0.2 * np.sin(turn), 0.7 * np.sin(3 * turn), flat], 1)
    else:  # a flick is over in the middle of the clip
        at = rng.uniform(0.35, 0.65)
        way = np.stack([flat, flat, np.tanh((u - at) / 0.06)], 1)
    return smooth(way) * size


def smooth(way: Floats) -> Floats:
    """Return a way with its corners rounded, as hands do."""
    kernel = np.hanning(7)[1:-1]
    padded = np.pad(way, ((2, 2), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(padded[:, c], kernel / kernel.sum(), "valid") for c in range(3)], 1
    )


def rotation(rng: np.random.Generator, degrees: float) -> Floats:
    """Return a turn around a random axis by up to so many degrees, ``(3, 3)``."""
    axis = rng.standard_normal(3)
    axis /= np.linalg.norm(axis)
    angle = np.deg2rad(rng.uniform(-degrees, degrees))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


ACTIVITIES = ("lie", "run", "sit", "stairs", "walk")


def daily_life(people: int = 8, minutes: float = 3.0) -> Iterator[str]:
    """Return a long table with a label in each row: subject, time, acceleration, activity."""
    rng = np.random.default_rng(2)
    yield "subject,time,x,y,z,activity\n"
    rate = 10.0
    for person in range(1, people + 1):
        pace, strength = np.exp(0.12 * rng.standard_normal(2))
        hold = rotation(rng, 25.0)
        clock, now = 0.0, "sit"
        while clock < 60 * minutes:
            now = str(rng.choice([name for name in ACTIVITIES if name != now]))
            steps = int(rng.uniform(5, 20) * rate)
            time = np.arange(steps) / rate
            still = np.array([0.0, 0.3, 1.0] if now == "lie" else [0.0, 1.0, 0.1]) * G
            still = still + (np.array([0.0, -0.12, 0.45]) * G if now == "sit" else 0.0)
            beat = {"walk": 1.8, "run": 2.8, "stairs": 1.5}.get(now, 0.0) * pace
            force = {"walk": 2.0, "run": 6.0, "stairs": 2.4}.get(now, 0.0) * strength
            swing = 2 * np.pi * (beat * time + rng.uniform())
            sway = np.stack([0.4 * np.sin(swing / 2), np.sin(swing), 0.3 * np.cos(swing)], 1)
            if now == "stairs":
                sway += 0.8 * np.stack([0 * swing, np.sin(2 * swing), np.sin(swing / 2)], 1)
            noise = (1.2 if beat else 0.3) * rng.standard_normal((steps, 3))
            found = (still + force * sway + noise) @ hold.T
            for t, (x, y, z) in zip(time, found, strict=True):
                yield f"{person},{clock + t:.1f},{x:.2f},{y:.2f},{z:.2f},{now}\n"
            clock += steps / rate


def pendulums(count: int = 900) -> Iterator[str]:
    """Return a long table: id, time in seconds, angle in degrees, target: the length in metres.

    It swings with the period :math:`2 \\pi \\sqrt{l / g}` and slows down; it is looked at when
    somebody finds the time, and a look in ten is lost.
    """
    rng = np.random.default_rng(3)
    yield "id,time,angle,target\n"
    for k in range(1, count + 1):
        length = rng.uniform(0.2, 2.5)
        rate = np.sqrt(G / length)
        gaps = rng.exponential(0.18, size=int(rng.integers(25, 60))) + 0.02
        time = np.cumsum(gaps) - gaps[0]
        angle = rng.uniform(5, 15) * np.exp(-time * rng.uniform(0.0, 0.1))
        angle = angle * np.cos(rate * time + rng.uniform(0, 2 * np.pi))
        angle += 0.3 * rng.standard_normal(len(time))
        lost = rng.random(len(time)) < 0.1
        for t, a, gone in zip(time, angle, lost, strict=True):
            yield f"{k},{t:.3f},{'' if gone else f'{a:.1f}'},{length:.3f}\n"


def digit_rows() -> Iterator[str]:
    """Return a long table: id of a picture, row of it, its eight shades, label: the digit."""
    path = DIGITS.file("datasets", "data", "digits.csv.gz")
    yield "id,time," + ",".join(f"c{k}" for k in range(1, 9)) + ",label\n"
    with gzip.open(path, "rt", encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            cells = line.strip().split(",")
            if len(cells) != 65:
                raise DataError(f"{path}, line {number}: expected 65 numbers, found {len(cells)}")
            shades = [str(int(float(cell))) for cell in cells]
            for row in range(8):
                values = ",".join(shades[8 * row : 8 * row + 8])
                yield f"{number},{row + 1},{values},{shades[64]}\n"
