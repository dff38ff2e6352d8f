"""Series that the package vega_datasets carries, in the long format.

================  ======  ==================================================================
``weather``       daily   highest temperature in Seattle, with lowest, rain and wind
``stocks``        monthly prices of five companies' shares
``temperatures``  hourly  Seattle and San Francisco in 2010, each with an hour missing
================  ======  ==================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from elman.data.package import Package

__all__ = ["VEGA", "stocks", "temperatures", "weather"]

VEGA = Package("vega_datasets")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def weather() -> Iterator[str]:
    """Return four years of days; the target is the highest temperature, in degrees Celsius."""
    yield "ds,y,temp_min,precipitation,wind\n"
    with opened("seattle-weather.csv") as file:
        for row in csv.DictReader(file):
            names = ("temp_max", "temp_min", "precipitation", "wind")
            yield ",".join([row["date"].replace("/", "-"), *(row[name] for name in names)]) + "\n"


def stocks() -> Iterator[str]:
    """Return ten years of months, in dollars; one company is younger."""
    yield "unique_id,ds,y\n"
    with opened("stocks.csv") as file:
        for row in csv.DictReader(file):
            month, _, year = row["date"].split()
            yield f"{row['symbol']},{year}-{MONTHS.index(month) + 1:02}-01,{row['price']}\n"


def temperatures() -> Iterator[str]:
    """Return a year of hours, in degrees Fahrenheit."""
    yield "unique_id,ds,y\n"
    for city, name in (("Seattle", "seattle-temps.csv"), ("San Francisco", "sf-temps.csv")):
        with opened(name) as file:
            for row in csv.DictReader(file):
                time = datetime.fromisoformat(row["date"].replace("/", "-"))
                yield f"{city},{time:%Y-%m-%d %H:%M},{row['temp']}\n"


def opened(name: str) -> TextIO:
    """Open one of the package's tables."""
    return VEGA.file("_data", name).open(encoding="utf-8", newline="")
