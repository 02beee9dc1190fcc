"""Variants of a training beside one another: their table, the curves of their metrics, a row of samples of each.

All are judged by one yardstick, and so every number of a column is comparable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Shaped
from PIL import Image
from rich import box
from rich.table import Table
from torch import Tensor

from ganops.bundle import Bundle
from ganops.evaluation.report import IMAGES_SEEN, Report
from ganops.games.request import LatentRequest
from ganops.reporting.samples import COLUMNS, SEED
from ganops.reporting.sheet import Block, draw_sheet, measure_sheet
from ganops.reporting.text import ellipsize

FLOOR, _SD = "real (floor)", "_sd"
_KEYS = ("variant", "seed", IMAGES_SEEN, "lost")
_POINTS = 2_500


@dataclass(frozen=True)
class VariantResult:
    """A variant's training by one seed: its report and a row of its samples; or why its game was lost."""

    name: str
    seed: int
    report: Report | None = None
    samples: Shaped[Tensor, "n *shape"] | None = None
    lost: str = ""

    @property
    def images_seen(self) -> int | None:
        """When it was judged: at its last snapshot."""
        return max(self.report.curve) if self.report else None

    def to_json(self) -> dict[str, Any]:
        """The report with what was judged; of a lost game the reason."""
        told = {"variant": self.name, "seed": self.seed, IMAGES_SEEN: self.images_seen}
        return {**told, **(self.report.to_json() if self.report else {"lost": self.lost})}


def row_of_samples(bundle: Bundle) -> Shaped[Tensor, "n *shape"]:
    """Ten pictures, or as many points as make a cloud: of one seed, and so of the same classes for every variant."""
    count = COLUMNS if bundle.settings.sample.field == "image" else _POINTS
    return bundle.generate(LatentRequest(n=count, seed=SEED)).values


def comparison_table(compared: Mapping[str, VariantResult]) -> pd.DataFrame:
    """A row a training, the last row that of real pictures at equal n.

    Columns: variant, seed, images_seen, lost, then each metric and its standard deviation over evaluation seeds
    (`_sd`; none where there is one seed).
    """
    rows = [_row(variant) for variant in compared.values()]
    report = next(variant.report for variant in compared.values() if variant.report)
    rows.append({"variant": FLOOR, **{name: value.mean for name, value in report.held_out.items()}})
    metrics = [column for name in report.judged for column in (name, name + _SD)]
    table = pd.DataFrame(rows).reindex(columns=[*_KEYS, *metrics]).dropna(axis="columns", how="all")
    return table.astype({name: "Int64" for name in ("seed", IMAGES_SEEN) if name in table})


def comparison_curves(compared: Mapping[str, VariantResult]) -> pd.DataFrame:
    """images_seen and a column `<metric>/<variant>` each, as `draw_curves` takes them; empty where one has no point."""
    curves = [
        variant.report.curve_table().set_index(IMAGES_SEEN).add_suffix(f"/{label}")
        for label, variant in compared.items()
        if variant.report
    ]
    joined = pd.concat(curves, axis="columns").sort_index()
    groups = list(dict.fromkeys(_group(name) for name in joined.columns))
    return joined[sorted(joined.columns, key=lambda name: groups.index(_group(name)))].reset_index()


def _group(name: str) -> str:
    return name.split("/", 1)[0]


def draw_compared_samples(compared: Mapping[str, VariantResult]) -> Image.Image:
    """A row of pictures a variant, or a cloud of points; a line at the foot names the games that were lost."""
    rows = {label: variant.samples for label, variant in compared.items() if variant.samples is not None}
    if next(iter(rows.values())).ndim == 2:
        from ganops.reporting.scatter import Layer, draw_scatter

        return draw_scatter([[Layer(points)] for points in rows.values()], list(rows))
    lost = [label for label, variant in compared.items() if variant.lost]
    sizes = measure_sheet(next(iter(rows.values())))
    names = [ellipsize(label, sizes.font_size, sizes.max_name_width) for label in rows]
    return draw_sheet([Block(list(rows.values()))], names, f"Lost: {', '.join(lost)}" if lost else "")


def console_comparison(table: pd.DataFrame, reports: Mapping[str, Any], seconds: Mapping[str, float]) -> Table:
    """For the terminal: a row a variant, of several training seeds their mean and standard deviation.

    Args:
        table: as `comparison_table` gives it.
        reports: label → `VariantResult.to_json`.
        seconds: label → seconds of training; of those that are known.
    """
    protocol = judged(reports)["protocol"]
    metrics = [str(name) for name in table.columns if name not in _KEYS and not str(name).endswith(_SD)]
    trained, floor = (pd.DataFrame(table[is_one]) for is_one in (table["variant"] != FLOOR, table["variant"] == FLOOR))
    shown = Table(title=_title(trained, protocol), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("variant", "images", "seconds", *(name.removesuffix(f"_{protocol['features']}") for name in metrics)):
        shown.add_column(name.replace("_", "\n"), justify="left" if name == "variant" else "right", no_wrap=True)
    for name in dict.fromkeys(trained["variant"]):
        group = pd.DataFrame(trained[trained["variant"] == name])
        time = _seconds(str(name), reports, seconds)
        shown.add_row(str(name), _images(group), time, *(_cell(group, metric) for metric in metrics))
    shown.add_section()
    shown.add_row(FLOOR, "", "", *(_cell(floor, metric) for metric in metrics))
    return shown


def judged(reports: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first report of a game that was not lost: its protocol and its floor are those of all."""
    return next(report for report in reports.values() if "protocol" in report)


def _row(variant: VariantResult) -> dict[str, Any]:
    known = {"variant": variant.name, "seed": variant.seed, IMAGES_SEEN: variant.images_seen}
    if variant.report is None:
        return {**known, "lost": variant.lost}
    estimates = variant.report.judged
    means = {name: value.mean for name, value in estimates.items()}
    return {**known, **means, **{name + _SD: value.sd for name, value in estimates.items()}}


def _title(trained: pd.DataFrame, protocol: Mapping[str, Any]) -> str:
    seeds = sorted(set(trained["seed"].astype(int)))
    over = f"training seeds {' '.join(map(str, seeds))}" if len(seeds) > 1 else "evaluation seeds"
    return f"Variants, {protocol['n']} samples of each against {protocol['reference']}; ± over {over}"


def _images(group: pd.DataFrame) -> str:
    known = np.asarray(group[IMAGES_SEEN].dropna())
    if not len(known):
        return "lost"
    return f"{int(known.max()):,}" + (f"\n{len(group) - len(known)} lost" if len(known) < len(group) else "")


def _seconds(name: str, reports: Mapping[str, Any], seconds: Mapping[str, float]) -> str:
    """The mean over the training seeds."""
    taken = [seconds[label] for label, report in reports.items() if report["variant"] == name and label in seconds]
    return f"{np.mean(taken):,.0f}" if taken else "–"


def _cell(group: pd.DataFrame, metric: str) -> str:
    """Of one training with its own deviation, of several with that between them."""
    known = pd.DataFrame(group[group[metric].notna()])
    if known.empty:
        return "–"
    values = np.asarray(known[metric], dtype=float)
    within = known.get(metric + _SD)
    deviation = (
        values.std(ddof=1)
        if len(values) > 1
        else float("nan")
        if within is None
        else float(np.asarray(within, dtype=float)[0])
    )
    return f"{values.mean():.4g}" + ("" if np.isnan(deviation) else f"\n± {deviation:.2g}")
