"""The table at the end of a run: each metric beside its floor, and their protocol."""

from rich.table import Table

from ganops.evaluation.report import GENERATOR, SAMPLES, Report

_TITLES = {GENERATOR: "Generator", SAMPLES: "External samples"}


def console_table(report: Report) -> Table:
    """Return a table for the terminal: metric, mean ± sd over the evaluation seeds, real held-out data at equal n."""
    protocol = report.protocol
    title = f"{_TITLES[report.subject]} and real data, {protocol.n} each, against {protocol.reference}"
    table = Table(
        title=title, caption=protocol_line(report) + explain_void(report), caption_justify="left", title_justify="left"
    )
    table.add_column("metric", no_wrap=True)
    table.add_column(report.subject, justify="right")
    table.add_column("real (floor)", justify="right")
    for name in dict.fromkeys([*report.metrics, *report.held_out]):
        table.add_row(protocol.qualify(name), report.mark(name), str(report.held_out.get(name, "–")))
    return table


def protocol_line(report: Report) -> str:
    """Return the protocol in one line, and the accuracies of the classifier."""
    accuracies = [f"classifier's accuracy on {split} {share:.4g}" for split, share in report.accuracies.items()]
    return ", ".join([str(report.protocol), *accuracies])


def explain_void(report: Report) -> str:
    """Return which metrics are void and why, as a sentence after a full stop; empty where none is."""
    if not any(map(report.is_void, report.metrics)):
        return ""
    features = " and ".join(report.trained_features)
    return f". Void: metrics by {features}, since the discriminator was trained by these features"
