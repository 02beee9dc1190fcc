"""The model card: what a person must know before using a generator. A function of its arguments alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganops.config import FieldName
from ganops.training_settings import Settings

_CARD = """\
# {name}

It makes {kind}{classes}.

| | |
|---|---|
| recipe | {recipe} ({game}, networks {networks}, objective {objective}) |
| weights | sha256 `{weights}` |
| data | store sha256 `{store}` |
| trained on | {total_images} images seen, batch {batch}, seed {seed}, {device} |

## Metrics

The generator and real {many} that it never saw (`held_out`, the floor), each {n} {many} against the
{reference_n} of `{reference}`.

{metrics}
{of_classes}
Protocol: {protocol}. Numbers are comparable at equal protocol only.

## Gate

{verdicts}

{outcome}

## Intended use

Research, teaching, and tests that need {many} like those of the data. Not for identification, not as evidence, and
not where somebody could take a generated {one} for a real one without being told.

## Limits

- It shows what its data show, with their gaps and biases; rare classes and shapes are made worse, or not at all.
- The metrics compare statistics of features. They say nothing of a single {one}, and little of copied ones.
- Equal requests give equal bytes on one kind of processor, with one version of torch and one number of threads;
  elsewhere {difference}.

## Use

In the project's folder. The first command says which version has these weights; set `VERSION` to it. Aliases such as
`@champion` move on to other weights.

```
export MLFLOW_TRACKING_URI=sqlite:///mlflow.db MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
python -c "import mlflow; print([int(v.version) for v in mlflow.search_model_versions(filter_string=\\"{query}\\")])"
kedro generate models:/{name}/$VERSION --n 64 --seed 7{class_option} --to {many}
mlflow models serve -m models:/{name}/$VERSION --env-manager local --port 5001
curl localhost:5001/invocations -H 'Content-Type: application/json' -d '{{"inputs": [{example}]}}'
```

The answer holds, for each request, its {many} as {form}; one call may ask for {largest_request}. A bad request
gets status 400 and the reason. `kedro generate` refuses a version whose files were edited since it was registered;
`mlflow` checks nothing and runs the version's code. In Python:
`mlflow.pyfunc.load_model(f"models:/{name}/{{VERSION}}").predict([{example_python}])`.
"""


_PICTURE_WORDS = {
    "kind": "pictures of {image_height} × {image_width} pixels with {channels} {channel_word}",
    "one": "picture",
    "many": "pictures",
    "difference": "a pixel may differ by one level",
    "form": "base64 PNG",
}
_POINT_WORDS = {
    "kind": "points of {channels} coordinates",
    "one": "point",
    "many": "points",
    "difference": "the last digit of a coordinate may differ",
    "form": "lists of {channels} numbers",
}
_REVERSE_KL = """
The floor of `reverse_kl` is no generator's goal: what is held out may have the classes almost exactly in their
proportion, while n independent draws of a perfect generator from K classes reach about (K − 1) / 2n.
"""
_WORDS: dict[FieldName, dict[str, str]] = {"image": _PICTURE_WORDS, "point": _POINT_WORDS}
# Of the protocol: long, and stated in full in the report.
_DIGESTS = ("weights", "store")
_PASSED = "It passed the gate. Whether it is champion or challenger follows from the other versions."
_FAILED = "**It failed the gate**: no alias is given to it, and it is not meant to be served."


@dataclass(frozen=True)
class CardFacts:
    """What the card tells besides settings and report.

    Attributes:
        name: of the registered model.
        weights: sha256 of the bundle's weights.
        classes: names in the order of their labels; empty where there are none.
        verdicts: of the gate, as text.
        passed: whether none of them fails.
        largest_request: samples that one call of the server may ask for.
    """

    name: str
    weights: str
    classes: tuple[str, ...]
    verdicts: tuple[str, ...]
    passed: bool
    largest_request: int


def make_model_card(facts: CardFacts, settings: Settings, report: Mapping[str, Any]) -> str:
    """Markdown."""
    protocol = report["protocol"]
    example = {"n": min(4, facts.largest_request), "seed": 7} | (
        {"class_label": len(facts.classes) - 1} if facts.classes else {}
    )
    return _CARD.format(
        recipe=settings.recipe,
        game=settings.game.kind,
        networks=settings.networks.family,
        objective=settings.adversarial.objective if settings.adversarial else "the ELBO",
        total_images=settings.budget.total_images,
        batch=settings.budget.batch,
        seed=settings.seed,
        device=settings.runtime.device,
        **_words(settings),
        **{key: protocol[key] for key in ("n", "reference", "reference_n", "store")},
        name=facts.name,
        weights=facts.weights,
        classes=f", of the class that is asked for: {_list(facts.classes)}" if facts.classes else "",
        metrics=_table(report["metrics"]),
        of_classes=_of_classes(report["metrics"]),
        protocol=", ".join(f"{key} {_shown(key, value)}" for key, value in protocol.items()),
        verdicts="\n".join(f"- {verdict}" for verdict in facts.verdicts),
        outcome=_PASSED if facts.passed else _FAILED,
        query=f"name = '{facts.name}' AND tag.weights_sha256 = '{facts.weights}'",
        class_option=f" --class {len(facts.classes) - 1}" if facts.classes else "",
        example=str(example).replace("'", '"'),
        example_python=example,
        largest_request=facts.largest_request,
    )


def _words(settings: Settings) -> dict[str, str]:
    """What samples of the field are called, and how they come."""
    channel_word = "channel" if settings.sample.channels == 1 else "channels"
    sizes = {"channel_word": channel_word, **settings.sample.model_dump()}
    return {key: text.format(**sizes) for key, text in _WORDS[settings.sample.field].items()}


def _table(metrics: Mapping[str, Any]) -> str:
    floor = metrics["held_out"]
    rows = [f"| {name} | {_value(entry)} | {_value(floor.get(name))} |" for name, entry in metrics["generator"].items()]
    return "\n".join(["| metric | generator | floor |", "|---|---|---|", *rows])


def _of_classes(metrics: Mapping[str, Any]) -> str:
    return _REVERSE_KL if any(name.startswith("reverse_kl_") for name in metrics["generator"]) else ""


def _value(entry: Mapping[str, float] | None) -> str:
    if entry is None:
        return "–"
    return f"{entry['mean']:.4g}" + (f" ± {entry['sd']:.2g}" if "sd" in entry else "")


def _list(classes: tuple[str, ...]) -> str:
    return ", ".join(f"{label} = {name}" if str(label) != name else name for label, name in enumerate(classes))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value[:12]}…" if name in _DIGESTS else str(value)
