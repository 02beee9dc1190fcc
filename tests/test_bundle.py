import json

import pytest
import torch

from ganops.bundle import Bundle, BundleContents
from ganops.config import TrainingParameters
from ganops.errors import BundleError
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.games.resolve import DataShape, Machine, resolve
from ganops.networks.build import build_networks
from ganops.sampling import GenerationRequest, Generator


@pytest.fixture(params=sorted(RECIPES))
def contents(request):
    parameters = TrainingParameters(recipe=request.param, width=8, latent_dimension=6)
    settings = resolve(parameters, DataShape(1, 16, 16, 2, 100), Machine("cpu", 1))
    networks = build_networks(settings)
    generating = build_game(settings).generating
    return BundleContents(settings, {name: networks[name] for name in generating}, ("cat", "dog"), (0.5, 0.5))


def test_a_bundle_generates_what_the_networks_generate(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    networks = {name: network.eval() for name, network in contents.networks.items()}
    generator = Generator(build_game(contents.settings), networks, 6, (0.5, 0.5), torch.device("cpu"), 1)
    request = GenerationRequest(n=7, seed=11)
    assert torch.equal(Bundle.load(tmp_path / "bundle").generate(request).values, generator.generate(request).values)


def test_equal_contents_give_equal_bytes_and_replace_what_was_there(contents, tmp_path):
    contents.save(tmp_path / "one")
    contents.save(tmp_path / "two")
    contents.save(tmp_path / "two")
    for file in ("weights.safetensors", "bundle.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_the_request_schema_bounds_the_class(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    schema = Bundle.load(tmp_path / "bundle").request_schema()
    assert schema["properties"]["class_label"]["anyOf"][0]["maximum"] == 1
    assert schema == json.loads((tmp_path / "bundle" / "bundle.json").read_text())["request_schema"]


def test_a_missing_damaged_or_foreign_bundle_is_an_error_that_names_the_file(contents, tmp_path):
    with pytest.raises(BundleError, match=r"bundle\.json"):
        Bundle.load(tmp_path / "nothing")
    contents.save(tmp_path / "bundle")
    weights = tmp_path / "bundle" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(BundleError, match=r"weights\.safetensors"):
        Bundle.load(tmp_path / "bundle")
    (tmp_path / "bundle" / "bundle.json").write_text('{"format": 99}')
    with pytest.raises(BundleError, match="format 99"):
        Bundle.load(tmp_path / "bundle")


def test_the_generator_as_it_was_has_the_weights_of_each_time(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    bundle, request = Bundle.load(tmp_path / "bundle"), GenerationRequest(n=7, seed=11)
    weights = {
        f"{name}/{key}": value for name, net in contents.networks.items() for key, value in net.state_dict().items()
    }
    earlier = {f"{64:014d}/{name}": 0.5 * value.float() for name, value in weights.items()}
    was = bundle.as_it_was(earlier | {f"{128:014d}/{name}": value for name, value in weights.items()})
    assert list(was) == [64, 128]
    assert torch.equal(was[128].generate(request).values, bundle.generate(request).values)
    assert not torch.equal(was[64].generate(request).values, bundle.generate(request).values)
    with pytest.raises(BundleError, match=contents.settings.network):
        bundle.as_it_was({f"{64:014d}/generator/other": torch.zeros(1)})
