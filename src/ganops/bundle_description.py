"""The schema of bundle.json, and its reader."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from ganops.data.encodings import ALL_ENCODINGS
from ganops.data.sources.classes import normalize_name
from ganops.data.sources.files import list_names
from ganops.data.vocabulary import ENCODING, Vocabulary
from ganops.errors import BundleError, ConfigurationError, RequestError, suggest
from ganops.files import read_regular
from ganops.games.build import build_game
from ganops.parameters import describe_first_error
from ganops.sealed_json import Sha256, Share, StrictModel, load_object, seal, without_seal
from ganops.training_settings import Settings

FORMAT = 5
_MOST_BYTES = 2**26
_TRAIN_AGAIN = "Train again with `kedro run --pipelines training`, or restore the files with `dvc checkout`."
_ADD_GAME = (
    "A game of one's own needs its folder in src/ganops/own_games, as where it was trained (docs/own_game.md); "
    "for another game, install the version of ganops that trained it."
)
_Fingerprint = Annotated[str, Field(pattern=r"\A[0-9a-f]{32}\z")]


class Description(StrictModel):
    """The content of bundle.json."""

    format: Literal[5]
    settings: Settings
    classes: tuple[str, ...]
    class_frequencies: tuple[Share, ...]
    encodings: dict[str, str]
    request_schema: dict[str, Any]
    ganops_version: str
    fingerprint: _Fingerprint
    store_sha256: Sha256
    weights_sha256: Sha256
    vocabulary: Vocabulary | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> "Description":
        count, shares = self.settings.sample.classes, self.class_frequencies
        if (len(self.classes), len(shares)) != (count, count):
            raise ValueError(f"{count} classes and frequencies, as in settings.sample.classes")
        if count and not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
            raise ValueError("class_frequencies that sum to 1")
        if self.encodings != encodings(self.settings):
            raise ValueError(f"encodings {encodings(self.settings)}")
        if (ENCODING in self.encodings.values()) != (self.vocabulary is not None):
            raise ValueError("a vocabulary where samples are tokens, and nowhere else")
        if self.vocabulary is not None and len(self.vocabulary) != self.settings.sample.channels:
            raise ValueError(f"a vocabulary of {self.settings.sample.channels} entries, as in settings.sample.channels")
        return self

    def text(self) -> str:
        """Return the JSON, sealed by its sha256."""
        return seal(self.model_dump(mode="json", exclude=None if self.vocabulary else {"vocabulary"}))


def request_schema(settings: Settings) -> dict[str, Any]:
    """Return the JSON schema of the game's request, with `class_label` bounded by the classes."""
    schema = build_game(settings).request.model_json_schema()
    if label := schema["properties"].get("class_label"):
        number, name, null = label["anyOf"]
        most = settings.sample.classes - 1
        label["anyOf"] = [{**number, "maximum": most}, name, null] if settings.sample.classes else [null]
    return schema


def class_number(name: str, classes: Sequence[str]) -> int:
    """Return the number of a class from its name, in any Unicode form, or from its digits.

    Raises:
        RequestError: there is no such class; the message lists the classes and suggests the nearest.
    """
    known = {normalize_name(one): number for number, one in enumerate(classes)}
    asked = normalize_name(name)
    if asked in known:
        return known[asked]
    if asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) < len(classes):
        return int(asked)
    raise RequestError(
        "class_label",
        expected=f"0 to {len(classes) - 1}, or one of {list_names(classes)}"
        if classes
        else "null, since no classes are known",
        received=repr(name),
        remedy=suggest(asked, known, "Ask for a class of the model card, or for none."),
    )


def encodings(settings: Settings) -> dict[str, str]:
    """Return field → the name of its encoding, of the samples and of the fields that a request may hold."""
    game = build_game(settings)
    fields = {game.generates, *game.conditions, *game.optional_conditions}
    return {field: ALL_ENCODINGS[field].name for field in sorted(fields)}


def read_description(path: Path) -> Description:
    """Read bundle.json; BundleError where it is not as it was written."""
    try:
        values = load_object(read_regular(path, _MOST_BYTES))
        if values.get("format") == FORMAT:
            return _validate(path, without_seal(values))
    except (OSError, ValueError) as error:
        raise unusable(path, f"a bundle's description (JSON, format {FORMAT})", str(error)) from None
    raise unusable(path, f"format {FORMAT}", f"format {values.get('format')!r:.40}")


def _validate(path: Path, values: Mapping[str, Any]) -> Description:
    try:
        return Description.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        unknown_game = error.errors()[0]["type"] == "union_tag_invalid"
        raise unusable(path, *describe_first_error(error), _ADD_GAME if unknown_game else _TRAIN_AGAIN) from None
    except ConfigurationError as error:
        raise unusable(path, f"{error.subject} as {error.expected}", f"{error.received:.200}") from None


def unusable(path: Path, expected: str, received: str, remedy: str = _TRAIN_AGAIN) -> BundleError:
    """Make the error of a bundle whose files cannot be used."""
    return BundleError(str(path), expected=expected, received=received, remedy=remedy)
