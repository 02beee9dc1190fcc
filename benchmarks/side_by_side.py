"""Shared by the benchmarks: alternating measurements, ratios with their interval, and the machine's name."""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from scipy import stats

from ganops.games.resolve import Hardware, resolve
from ganops.hardware import multiplies_bf16_faster
from ganops.parameters import nest
from ganops.training_config import TrainingParameters
from ganops.training_settings import SampleSpec, Settings

Clock = Callable[[], float]


def make_parser(text: str | None, repeats: int) -> argparse.ArgumentParser:
    """Make a parser with the options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=repeats, help="measurements of each side, after a warm-up")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--processor-time", action="store_true", help="CPU time of all threads, for a busy machine")
    return parser


def choose_clock(options: argparse.Namespace) -> Clock:
    """Return the clock for wall time, or for processor time if that option is set."""
    return time.process_time if options.processor_time else time.perf_counter


def measure_alternately(
    sides: Mapping[str, Callable[[], object]], repeats: int, clock: Clock
) -> dict[str, list[float]]:
    """Measure the seconds of each side's repeats, in alternating order; the first repeat is a warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(repeats + 1):
        for name in sorted(sides, reverse=repeat % 2 == 0):
            start = clock()
            sides[name]()
            seconds[name].append(clock() - start)
    return {name: taken[1:] for name, taken in seconds.items()}


def ratio(above: Sequence[float], below: Sequence[float]) -> tuple[float, float]:
    """Return the mean of the repeats' ratios, and half the width of its 95 % interval (Student's t)."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    if len(ratios) < 2:
        return ratios[0], float("nan")
    half_width = statistics.stdev(ratios) / len(ratios) ** 0.5
    return statistics.mean(ratios), float(stats.t.ppf(0.975, len(ratios) - 1)) * half_width


def format_ratio(value: tuple[float, float]) -> str:
    """Format a ratio as 1.013 ± 0.004."""
    return f"{value[0]:.3f} ± {value[1]:.3f}"


def resolve_settings(
    recipe: str, size: tuple[int, int, int], threads: int, classes: int = 0, device: str = "cpu", **overrides: Any
) -> Settings:
    """Return the settings of a recipe for pictures (C, H, W), as a user of this machine gets them.

    `overrides`: values of `training` by their dotted keys.
    """
    values = {"recipe": recipe, "device": device, "threads": threads, **overrides}
    parameters = TrainingParameters.parse(nest(values))
    where = "cuda" if device == "cuda" else "cpu"
    machine = Hardware(where, threads, multiplies_bf16_faster(where))
    channels, height, width = size
    sample = SampleSpec(channels=channels, image_height=height, image_width=width, classes=classes)
    return resolve(parameters, sample, 5000, machine)


def describe_machine(options: argparse.Namespace) -> str:
    """Describe processor, threads, torch's version, and the clock."""
    clock = "processor time" if options.processor_time else "wall time"
    return f"{processor()}, {options.threads} threads, torch {torch.__version__}, {clock}, {options.repeats} repeats"


def processor() -> str:
    """Return the processor's name and the number of cores that this process may use."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"
