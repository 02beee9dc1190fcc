"""Write the model card: what a person must know before using a generator. It depends on its arguments alone."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ganops.config import NOUNS, FieldName
from ganops.evaluation.report import IMAGES_SEEN, Report
from ganops.reporting.metric_curve import describe_curve
from ganops.reporting.table import explain_void
from ganops.training_settings import Settings

_CARD = """\
# {name}

It generates {kind}{classes}.

| | |
|---|---|
| recipe | {recipe} ({game}, networks {networks}, objective {objective}) |
| weights | sha256 `{weights}` |
| data | store sha256 `{store}` |
| trained on | {images_seen} images seen, batch {batch}, seed {seed}, {device} |

## Metrics

The generator, and real {many} that it was not trained on (`held_out`, the floor): {n} {many} each, compared with the
{reference_n} of `{reference}`. The end of each name says whose features were used.{pixel_note}

{metrics}
{reverse_kl_note}
{doubling}

Protocol: {protocol}. Compare numbers at equal protocol only.

## Gate

{checks}

{outcome}

## Intended use

Research, teaching, and tests that need {many} like those of the data. Not for identification or as evidence. Do not
present a generated {one} as a real one.

## Limits

- It reproduces the gaps and biases of its data; it generates rare classes and shapes worse, or not at all.
- The metrics compare statistics of features. They say nothing about a single {one}, and little about copies of training
  {many}.
- Equal requests give equal bytes on one kind of processor, with one version of torch and one number of threads;
  elsewhere {difference}.

## Use

In the folder of the project. The second command prints the version that has these weights; set `VERSION` to it. An
alias such as `@champion` will later mean other weights.

```
export MLFLOW_TRACKING_URI=sqlite:///mlflow.db MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
python -c "import mlflow; print([int(v.version) for v in mlflow.search_model_versions(filter_string=\\"{query}\\")])"
kedro generate models:/{name}/$VERSION {options} --to {many}
mlflow models serve -m models:/{name}/$VERSION --env-manager local --port 5001
curl localhost:5001/invocations -H 'Content-Type: application/json' -d '{{"inputs": [{example}]}}'
```

The response holds the {many} of each request as {form}; one call may request {largest_request}. A bad request gets
status 400 and the reason. `kedro generate` refuses a version whose files were edited after registration; `mlflow`
checks nothing and runs the code of the version. In Python:
`mlflow.pyfunc.load_model(f"models:/{name}/{{VERSION}}").predict([{example_python}])`.
"""


_PICTURE_WORDS = {
    "kind": "pictures of {image_height} × {image_width} pixels with {channels} {channel_word}",
    "difference": "a pixel may differ by one level",
    "form": "base64 PNG",
}
_POINT_WORDS = {
    "kind": "points of {channels} coordinates",
    "difference": "the last digit of a coordinate may differ",
    "form": "lists of {channels} numbers",
}
_WAVE_WORDS = {
    "kind": "clips of {image_width} samples at {sample_rate} hertz, one channel",
    "difference": "a sample may differ by a few of 65,536 levels",
    "form": "base64 WAV",
}
_LINE_WORDS = {
    "kind": "lines of text, at most {image_width} tokens of a vocabulary of {channels}",
    "difference": "a token may differ, and then all that follow it",
    "form": "texts",
}
_PIXEL_NOTE = "\n`fwd` and `nyquist_db` use none."
_REVERSE_KL = """
The floor of `reverse_kl` is no goal for a generator: held-out data may have the classes almost exactly in their
proportion, while n independent samples of a perfect generator of K classes reach about (K − 1) / 2n.
"""
_WORDS: dict[FieldName, dict[str, str]] = {
    "image": _PICTURE_WORDS,
    "point": _POINT_WORDS,
    "wave": _WAVE_WORDS,
    "tokens": _LINE_WORDS,
}
_PASSED = "It passed the gate. Whether it is champion or challenger depends on the other versions."
_FAILED = "**It failed the gate**: it has no alias, and is not meant to be served."


@dataclass(frozen=True)
class CardFacts:
    """The content of the card besides settings and report.

    Attributes:
        name: of the registered model.
        weights: sha256 of the bundle's weights.
        classes: names in the order of their labels; empty for a generator that is not conditional.
        checks: of the gate, as text.
        passed: whether none of them failed.
        largest_request: samples per call of the server.
        example: a request.
        options: of the same request to `kedro generate`.
    """

    name: str
    weights: str
    classes: tuple[str, ...]
    checks: tuple[str, ...]
    passed: bool
    largest_request: int
    example: dict[str, Any]
    options: str


def make_model_card(facts: CardFacts, settings: Settings, report: Report, curve: pd.DataFrame) -> str:
    """Return the card as Markdown; the curve is that of the report, see `Report.curve_table`."""
    protocol = report.protocol
    return _CARD.format(
        recipe=settings.recipe,
        game=settings.game.kind,
        networks=settings.networks.family,
        objective=settings.game.trained_for,
        images_seen=max(curve[IMAGES_SEEN]),
        doubling=describe_curve(curve, report),
        batch=settings.budget.batch,
        seed=settings.seed,
        device=settings.runtime.device,
        **_format_words(settings),
        n=protocol.n,
        reference=protocol.reference,
        reference_n=protocol.reference_n,
        store=protocol.store,
        name=facts.name,
        weights=facts.weights,
        classes=f", of the requested class: {_list_classes(facts.classes)}" if facts.classes else "",
        metrics=_make_table(report),
        pixel_note=_PIXEL_NOTE if "fwd" in report.metrics else "",
        reverse_kl_note=_REVERSE_KL if "reverse_kl" in report.metrics else "",
        protocol=f"{protocol}{explain_void(report)}",
        checks="\n".join(f"- {check}" for check in facts.checks),
        outcome=_PASSED if facts.passed else _FAILED,
        query=f"name = '{facts.name}' AND tag.weights_sha256 = '{facts.weights}'",
        options=facts.options,
        example=str(facts.example).replace("'", '"'),
        example_python=facts.example,
        largest_request=facts.largest_request,
    )


def _format_words(settings: Settings) -> dict[str, str]:
    """Return the words for samples of the field."""
    channel_word = "channel" if settings.sample.channels == 1 else "channels"
    sizes = {"channel_word": channel_word, **settings.sample.model_dump()}
    words = {key: text.format(**sizes) for key, text in _WORDS[settings.sample.field].items()}
    return words | NOUNS[settings.sample.field]._asdict()


def _make_table(report: Report) -> str:
    rows = [
        f"| {report.protocol.qualify(name)} | {report.mark(name)} | {report.held_out.get(name, '–')} |"
        for name in report.metrics
    ]
    return "\n".join(["| metric | generator | floor |", "|---|---|---|", *rows])


def _list_classes(classes: tuple[str, ...]) -> str:
    return ", ".join(f"{label} = {name}" if str(label) != name else name for label, name in enumerate(classes))
