"""The table at the end of a run: each metric beside its floor, and the protocol that both share."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

_SHOWN_OF_A_DIGEST = 12
# What a report can be of, as a person would say.
_SUBJECTS = {"generator": "Generator", "samples": "Given samples"}
_DIGESTS = ("weights", "store")


def console_table(report: Mapping[str, Any]) -> Table:
    """Metric, mean ± sd over the evaluation seeds of what is judged, real held-out data at equal n.

    Args:
        report: as stored in report.json or samples_report.json.
    """
    metrics, protocol = report["metrics"], report["protocol"]
    subject = next(name for name in _SUBJECTS if name in metrics)
    title = f"{_SUBJECTS[subject]} and real data, {protocol['n']} each, against {protocol['reference']}"
    table = Table(title=title, caption=protocol_line(report), caption_justify="left", title_justify="left")
    table.add_column("metric", no_wrap=True)
    table.add_column(subject, justify="right")
    table.add_column("real (floor)", justify="right")
    for name in dict.fromkeys([*metrics[subject], *metrics["held_out"]]):
        table.add_row(name, _value(metrics[subject].get(name)), _value(metrics["held_out"].get(name)))
    return table


def protocol_line(report: Mapping[str, Any]) -> str:
    """Every part of the protocol in one line, digests shortened, and how good the classifier is that judged."""
    parts = [f"{name} {_shown(name, value)}" for name, value in report["protocol"].items()]
    accuracies = [
        f"classifier's accuracy on {name.removeprefix('accuracy_')} {share:.4g}"
        for name, share in report["metrics"].get("classifier", {}).items()
    ]
    return ", ".join([*parts, *accuracies])


def _shown(name: str, value: Any) -> str:
    if name in _DIGESTS:
        return str(value)[:_SHOWN_OF_A_DIGEST]
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _value(estimate: Mapping[str, float] | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate['mean']:.4g}" + (f" ± {estimate['sd']:.2g}" if "sd" in estimate else "")
