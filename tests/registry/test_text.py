"""Text out of a served model, out of `kedro generate`, and what both refuse."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow.exceptions import MlflowException

from ganops.bundle import Bundle
from ganops.errors import BundleError, RequestError
from ganops.games.request import TextRequest
from ganops.registry.codecs import CODECS, find_facts
from ganops.registry.generate import generate_to_folder
from ganops.registry.logged_model import pip_requirements
from ganops.registry.requests import count_condition_bytes, make_example, parse_request
from ganops.registry.serving_model import JsonRequest, ServingModel
from ganops.sealed_json import seal

from ..texts import WORDS, make_bundle, write_store


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(write_store(tmp_path / "store"), tmp_path / "bundle")


@pytest.fixture
def served(bundle: Bundle) -> ServingModel:
    model = ServingModel()
    context = SimpleNamespace(artifacts={"bundle": str(bundle.path)}, model_config={"largest_request": 8})
    model.load_context(context)  # pyright: ignore[reportArgumentType]
    return model


def ask(model: ServingModel, **request: object) -> list[str]:
    return model.predict([JsonRequest(**request)])[0]  # pyright: ignore[reportArgumentType]


def test_the_answer_is_lines_of_words(bundle: Bundle, served: ServingModel) -> None:
    lines = ask(served, n=8, seed=7, temperature=0.8)
    expected = bundle.generate(TextRequest(n=8, seed=7, temperature=0.8)).values
    assert bundle.vocabulary is not None
    assert lines == [bundle.vocabulary.decode(line) for line in expected.tolist()]
    assert {word for line in lines for word in line.split()} <= set(WORDS)
    assert len(set(lines)) > 1


def test_the_same_seed_gives_the_same_lines_and_a_low_temperature_fewer_ones(served: ServingModel) -> None:
    assert ask(served, n=8, seed=7) == ask(served, n=8, seed=7) != ask(served, n=8, seed=8)
    assert ask(served, n=2, seed=7) == ask(served, n=8, seed=7)[:2]
    assert len(set(ask(served, n=8, temperature=0.01))) < len(set(ask(served, n=8, temperature=100)))


def test_every_line_begins_with_the_prompt(bundle: Bundle, served: ServingModel) -> None:
    lines = ask(served, n=8, seed=7, prompt=f" {WORDS[3]}  {WORDS[0]}")
    assert all(line.split()[:2] == [WORDS[3], WORDS[0]] for line in lines) and len(set(lines)) > 1
    assert ask(served, n=2, seed=7, prompt=f"{WORDS[3]} {WORDS[0]}") == lines[:2]
    assert ask(served, n=8, seed=7, prompt=None) == ask(served, n=8, seed=7) != lines


def test_the_longest_prompt_fits_the_limit_on_a_body(bundle: Bundle) -> None:
    longest = " ".join([max(WORDS, key=len)] * (bundle.settings.sample.image_width - 1))
    parse_request(bundle, {"prompt": longest})
    assert len(json.dumps(longest)) <= count_condition_bytes(bundle)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"temperature": 0}, "temperature: expected a number greater than or equal to 0.01, received 0"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 9}, "at most 8 samples per call"),
        ({"class_label": 1}, "class_label"),
        ({"prompt": "the axolotl"}, "tokens of the model's vocabulary, received axolotl"),
        ({"prompt": " "}, "prompt: expected 1 to 3 tokens, fewer than the longest line has, received 0"),
        ({"prompt": "the " * 4}, "prompt: expected 1 to 3 tokens, .*received 4"),
        ({"prompt": ["the"]}, "prompt: expected"),
    ],
)
def test_other_requests_are_refused_with_the_reason(request_, reason: str, served: ServingModel) -> None:
    with pytest.raises(MlflowException, match=reason) as raised:
        ask(served, **request_)
    assert raised.value.get_http_status_code() == 400


def test_generate_writes_a_text_file(bundle: Bundle, served: ServingModel, tmp_path: Path) -> None:
    (path,) = generate_to_folder(str(bundle.path), {"n": 5, "seed": 3, "temperature": 0.9}, tmp_path / "out")
    assert path.name == "lines.txt"
    assert path.read_text(encoding="utf-8").split("\n") == [*ask(served, n=5, seed=3, temperature=0.9), ""]


def test_a_line_is_read_back_and_an_unknown_token_is_named(bundle: Bundle) -> None:
    codec, facts = CODECS["tokens"], find_facts(bundle)
    for line in bundle.generate(TextRequest(n=20)).values:
        numbers = codec.from_json(codec.to_json(line, facts), facts)
        assert numbers.tolist() == [number for number in line.tolist() if number]
    with pytest.raises(RequestError, match="axolotl"):
        codec.from_json("the axolotl sleeps", facts)


def test_the_example_of_the_model_card_is_answered(bundle: Bundle, served: ServingModel) -> None:
    assert len(ask(served, **make_example(bundle, 3))) == 3


def test_a_model_of_byte_pairs_writes_text_and_requires_its_library(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="the extra text is not installed")
    store = write_store(tmp_path / "store", tokens="byte_pairs", vocabulary_size=270)
    bundle = make_bundle(store, tmp_path / "bundle")
    assert bundle.vocabulary == store.vocabulary and bundle.vocabulary is not None
    lines = bundle.generate(TextRequest(n=20)).values
    texts = [CODECS["tokens"].to_json(line, find_facts(bundle)) for line in lines]
    assert texts == [bundle.vocabulary.decode(line) for line in lines.tolist()]
    assert any(name.startswith("tokenizers==") for name in pip_requirements(bundle.vocabulary))
    assert not any(name.startswith("tokenizers==") for name in pip_requirements(None))


@pytest.mark.parametrize("entries", [None, ["", "the"], ["", *map(str, range(6)), "0"]])
def test_a_bundle_without_its_whole_vocabulary_is_refused(entries: list[str] | None, bundle: Bundle) -> None:
    file = bundle.path / "bundle.json"
    values = {name: value for name, value in json.loads(file.read_text()).items() if name != "sha256"}
    values["vocabulary"] = None if entries is None else {"tokens": "words", "entries": entries}
    file.write_text(seal(values))
    with pytest.raises(BundleError, match=r"vocabulary|entries"):
        Bundle.load(bundle.path)
