"""Compare the variants of a training: a table, the curves of their metrics, a row of samples each.

All are evaluated by one protocol, so that the numbers of a column are comparable.
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

from ganops.config import FieldName
from ganops.data.vocabulary import Vocabulary
from ganops.evaluation.report import IMAGES_SEEN, Protocol, Report
from ganops.reporting.views import draw_side_by_side

FLOOR, _SD = "real (floor)", "_sd"
_KEYS = ("variant", "seed", IMAGES_SEEN, "failure")


@dataclass(frozen=True)
class VariantResult:
    """The training of a variant with one seed: its report and a row of its samples, or why it failed.

    Attributes:
        name: of the variant.
        seed: of its training.
        report: on its generator; None where the training failed.
        samples: of its generator; None where the training failed.
        failure: the message of the error; empty where there was none.
    """

    name: str
    seed: int
    report: Report | None = None
    samples: Shaped[Tensor, "n *shape"] | None = None
    failure: str = ""

    @property
    def images_seen(self) -> int | None:
        """Return the images seen at the evaluation, that is at the last snapshot; None where the training failed."""
        return max(self.report.curve) if self.report else None

    def to_json(self) -> dict[str, Any]:
        """Return variant, seed, images seen, and the `report` or the `failure`."""
        result = {"report": self.report.to_json()} if self.report else {"failure": self.failure}
        return {"variant": self.name, "seed": self.seed, IMAGES_SEEN: self.images_seen, **result}


def comparison_table(compared: Mapping[str, VariantResult]) -> pd.DataFrame:
    """Return a row per training, and as the last row the floor: real data at equal n.

    Columns: variant, seed, images_seen, failure (where one failed), then each metric by its qualified name and its
    standard deviation over evaluation seeds (`_sd`; absent for a single seed). A void metric is missing.
    """
    rows = [_row(variant) for variant in compared.values()]
    report = next(variant.report for variant in compared.values() if variant.report)
    qualify = report.protocol.qualify
    rows.append({"variant": FLOOR, **{qualify(name): value.mean for name, value in report.held_out.items()}})
    metrics = [column for name in report.metrics for column in (qualify(name), qualify(name) + _SD)]
    table = pd.DataFrame(rows).reindex(columns=[*_KEYS, *metrics]).dropna(axis="columns", how="all")
    return table.astype({name: "Int64" for name in ("seed", IMAGES_SEEN) if name in table})


def comparison_curves(compared: Mapping[str, VariantResult]) -> pd.DataFrame:
    """Return images_seen and a column `<metric>/<variant>` for each, as `draw_curves` takes them."""
    curves = [
        variant.report.curve_table().set_index(IMAGES_SEEN).add_suffix(f"/{label}")
        for label, variant in compared.items()
        if variant.report
    ]
    joined = pd.concat(curves, axis="columns").sort_index()
    metrics = list(dict.fromkeys(name.split("/", 1)[0] for name in joined.columns))
    return joined[sorted(joined.columns, key=lambda name: metrics.index(name.split("/", 1)[0]))].reset_index()


def draw_compared_samples(
    compared: Mapping[str, VariantResult], field: FieldName, vocabulary: Vocabulary | None = None
) -> Image.Image:
    """Draw samples of each variant; a line at the foot names the variants that failed."""
    rows = {label: variant.samples for label, variant in compared.items() if variant.samples is not None}
    failed = [label for label, variant in compared.items() if variant.failure]
    return draw_side_by_side(field, rows, f"Failed: {', '.join(failed)}" if failed else "", vocabulary)


def console_comparison(table: pd.DataFrame, reports: Mapping[str, Any], seconds: Mapping[str, float]) -> Table:
    """Return a table for the terminal: a row per variant, with mean and standard deviation over training seeds.

    Args:
        table: see `comparison_table`.
        reports: label → `VariantResult.to_json`.
        seconds: label → seconds of training, where they are known.
    """
    protocol = first_report(reports).protocol
    metrics = [str(name) for name in table.columns if name not in _KEYS and not str(name).endswith(_SD)]
    trained, floor = (pd.DataFrame(table[is_one]) for is_one in (table["variant"] != FLOOR, table["variant"] == FLOOR))
    console = Table(
        title=_make_title(trained, protocol), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for name in ("variant", "images", "seconds", *metrics):
        console.add_column(name.replace("_", "\n"), justify="left" if name == "variant" else "right", no_wrap=True)
    for name in dict.fromkeys(trained["variant"]):
        group = pd.DataFrame(trained[trained["variant"] == name])
        time = _format_seconds(str(name), reports, seconds)
        console.add_row(str(name), _format_images(group), time, *(_format_cell(group, metric) for metric in metrics))
    console.add_section()
    console.add_row(FLOOR, "", "", *(_format_cell(floor, metric) for metric in metrics))
    return console


def first_report(reports: Mapping[str, Any]) -> Report:
    """Return the first report of a variant that did not fail: all have its protocol and its floor."""
    return Report.from_json(next(result["report"] for result in reports.values() if "report" in result))


def _row(variant: VariantResult) -> dict[str, Any]:
    known = {"variant": variant.name, "seed": variant.seed, IMAGES_SEEN: variant.images_seen}
    if variant.report is None:
        return {**known, "failure": variant.failure}
    report, qualify = variant.report, variant.report.protocol.qualify
    estimates = {name: value for name, value in report.metrics.items() if not report.is_void(name)}
    means = {qualify(name): value.mean for name, value in estimates.items()}
    return {**known, **means, **{qualify(name) + _SD: value.sd for name, value in estimates.items()}}


def _make_title(trained: pd.DataFrame, protocol: Protocol) -> str:
    seeds = sorted(set(trained["seed"].astype(int)))
    over = f"training seeds {' '.join(map(str, seeds))}" if len(seeds) > 1 else "evaluation seeds"
    return f"Variants, {protocol.n} samples of each against {protocol.reference}; ± over {over}"


def _format_images(group: pd.DataFrame) -> str:
    known = np.asarray(group[IMAGES_SEEN].dropna())
    if not len(known):
        return "failed"
    return f"{int(known.max()):,}" + (f"\n{len(group) - len(known)} failed" if len(known) < len(group) else "")


def _format_seconds(name: str, reports: Mapping[str, Any], seconds: Mapping[str, float]) -> str:
    """Return the mean over the training seeds."""
    known = [seconds[label] for label, report in reports.items() if report["variant"] == name and label in seconds]
    return f"{np.mean(known):,.0f}" if known else "–"


def _format_cell(group: pd.DataFrame, metric: str) -> str:
    """Return mean ± sd: of one training over evaluation seeds, of several over training seeds."""
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
