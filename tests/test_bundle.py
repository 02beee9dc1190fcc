import hashlib
import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ganops.bundle import Bundle, BundleData
from ganops.bundle_description import class_number
from ganops.errors import BundleError, RequestError
from ganops.games.build import build_game
from ganops.games.request import LatentRequest
from ganops.networks.build import build_networks
from ganops.tensors import encode_text

from .parameters import LATENT_RECIPES, images, resolve_settings

FINGERPRINT, STORE = "0f" * 16, "5d" * 32


@pytest.fixture(params=LATENT_RECIPES)
def contents(request):
    sizes = {"base_channels": 8, "latent_dimension": 6}
    settings = resolve_settings(request.param, images(1, 16, 16, 2), conditional=True, **sizes)
    networks = build_networks(settings)
    generating = build_game(settings).inference_networks
    chosen = {name: networks[name] for name in generating}
    return BundleData(settings, chosen, ("cat", "dog"), (0.5, 0.5), FINGERPRINT, STORE)


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


def test_snapshots_have_the_weights_of_their_time(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    bundle, request = Bundle.load(tmp_path / "bundle"), LatentRequest(n=7, seed=11)
    weights = {
        f"{name}/{key}": value for name, net in contents.networks.items() for key, value in net.state_dict().items()
    }
    halved = {name: 0.5 * value if value.is_floating_point() else value for name, value in weights.items()}
    times = {64: halved, 128: weights}
    snapshots = {f"{seen:014d}/{name}": value for seen, values in times.items() for name, value in values.items()}
    snapshots["fingerprint"] = encode_text(FINGERPRINT)
    samplers = bundle.at_snapshots(snapshots)
    assert list(samplers) == [64, 128]
    assert torch.equal(samplers[128].generate(request).values, bundle.generate(request).values)
    assert not torch.equal(samplers[64].generate(request).values, bundle.generate(request).values)
    for damage, message in {
        f"{64:014d}/generator/other": (torch.zeros(1), contents.settings.networks.family),
        f"{-5:014d}/{next(iter(weights))}": (torch.zeros(1), "a snapshot at .-0000000000005. images"),
        "fingerprint": (encode_text("f0" * 16), "the fingerprint f0f0"),
        f"{64:014d}/{next(iter(weights))}": (torch.full_like(next(iter(weights.values())), torch.nan), "not finite"),
    }.items():
        with pytest.raises(BundleError, match=message[1]):
            bundle.at_snapshots({**snapshots, damage: message[0]})
    with pytest.raises(BundleError, match="the fingerprint none"):
        bundle.at_snapshots({name: tensor for name, tensor in snapshots.items() if name != "fingerprint"})


def test_a_bundle_states_its_training_and_its_store(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    bundle = Bundle.load(tmp_path / "bundle")
    stored = (tmp_path / "bundle" / "weights.safetensors").read_bytes()
    origin = bundle.fingerprint, bundle.store_sha256, bundle.digest
    assert origin == (FINGERPRINT, STORE, hashlib.sha256(stored).hexdigest())


def test_weights_of_another_training_are_refused(contents, tmp_path):
    contents.save(tmp_path / "one")
    for parameter in next(iter(contents.networks.values())).parameters():
        parameter.data += 1
    contents.save(tmp_path / "two")
    shutil.copy(tmp_path / "two" / "weights.safetensors", tmp_path / "one")
    with pytest.raises(BundleError, match="as bundle"):
        Bundle.load(tmp_path / "one")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("runtime.threads", 10**5, "settings.runtime.threads"),
        ("game.latent_dimension", 10**12, "settings.game.latent_gan.latent_dimension"),
        ("networks.base_channels", 2**12, "where float32"),
        ("networks.base_channels", 2**16, "settings.networks.base_channels"),
        ("sample.image_height", 0, "settings.sample.image_height"),
        ("sample.classes", 2**20, "class"),
        ("game.latent_dimension", 7, "where float32"),
        ("networks.base_channels", 8.5, "settings.networks.base_channels"),
        ("networks.base_channels", True, "settings.networks.base_channels"),
        ("networks.family", "mlp", "settings.networks.family"),
        ("networks.family", "vae", "settings.networks.family"),
        ("networks.family", "nothing", "settings.networks.family"),
        ("game", {"kind": "vae", "latent_dimension": 6}, "settings.networks.family"),
        ("game.kind", "chess", "settings.game"),
        ("optimizer.learning_rate", float("nan"), "settings.optimizer.learning_rate"),
        ("optimizer.learning_rate", {"start": 1.0}, "settings.optimizer.learning_rate.end"),
        ("game.r1_gamma", {"start": -1.0, "end": 1.0}, "settings.game.latent_gan.r1_gamma.start"),
        ("unknown", 1, "settings.unknown"),
        ("game.augmentation.unknown", 1, "settings.game.augmentation.unknown"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_built(dcgan, key, value, message):
    with pytest.raises(BundleError, match=message):
        Bundle.load(_described(dcgan, lambda values: _set(values["settings"], key, value)))


def test_the_remedy_of_an_unknown_game_is_its_folder(dcgan):
    with pytest.raises(BundleError, match="needs its folder in src/ganops/own_games"):
        Bundle.load(_described(dcgan, lambda values: _set(values["settings"], "game.kind", "chess")))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("classes", ["cat"]),
        ("classes", "ab"),
        ("class_frequencies", [0.5, 0.6]),
        ("class_frequencies", [float("nan"), 0.5]),
        ("class_frequencies", [-0.5, 1.5]),
        ("encodings", {"image": "other"}),
        ("fingerprint", "0f"),
        ("store_sha256", None),
        ("weights_sha256", "5d" * 32),
        ("more", 1),
    ],
)
def test_a_wrong_description_is_refused(dcgan, key, value):
    with pytest.raises(BundleError):
        Bundle.load(_described(dcgan, lambda values: values.update({key: value})))


def test_a_changed_class_name_is_refused(dcgan):
    file = dcgan / "bundle.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"cat"', '"cow"'), encoding="utf-8")
    with pytest.raises(BundleError, match="sha256"):
        Bundle.load(dcgan)


def test_deep_json_and_a_pipe_in_place_of_a_file_are_refused(dcgan):
    (dcgan / "bundle.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(BundleError, match="JSON"):
        Bundle.load(dcgan)
    (dcgan / "bundle.json").unlink()
    os.mkfifo(dcgan / "bundle.json")
    with pytest.raises(BundleError, match="no regular file"):
        Bundle.load(dcgan)


def test_weights_in_another_precision_or_not_finite_are_refused(dcgan):
    weights = load_file(dcgan / "weights.safetensors")
    name = next(name for name, tensor in weights.items() if tensor.is_floating_point())
    for tensor, message in [
        (weights[name].double(), "float64"),
        (torch.full_like(weights[name], torch.inf), "finite"),
        (weights[name][:1], "where"),
    ]:
        save_file({**weights, name: tensor.contiguous()}, dcgan / "weights.safetensors")
        _described(dcgan, lambda values: values.update(weights_sha256=_sha256(dcgan / "weights.safetensors")))
        with pytest.raises(BundleError, match=message):
            Bundle.load(dcgan)


@pytest.fixture
def dcgan(tmp_path):
    """Return the folder of a bundle."""
    settings = resolve_settings("dcgan", images(1, 16, 16, 2), base_channels=8, latent_dimension=6)
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, ("cat", "dog"), (0.5, 0.5), FINGERPRINT, STORE).save(tmp_path / "dcgan")
    return tmp_path / "dcgan"


def _set(values, key, value):
    *groups, name = key.split(".")
    for group in groups:
        values = values[group]
    values[name] = value


def _described(folder, change):
    """Return the bundle with another description, whose own sha256 agrees."""
    values = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    change(values)
    values.pop("sha256")
    values["sha256"] = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    (folder / "bundle.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_class_has_a_name_and_a_number() -> None:
    classes = ("10", "cafe\u0301", "Zebra")
    assert [class_number(name, classes) for name in ("10", "caf\u00e9", "cafe\u0301", "Zebra", "1")] == [0, 1, 1, 2, 1]
    with pytest.raises(RequestError, match=r"0 to 2, or one of 10, .*received 'Zebr'\. Did you mean Zebra\?"):
        class_number("Zebr", classes)
    for name in ("3", "-1", "zebra2", "²"):
        with pytest.raises(RequestError, match="class_label"):
            class_number(name, classes)
    with pytest.raises(RequestError, match="no classes are known"):
        class_number("1", ())


def test_a_request_by_name_gives_the_bytes_of_the_request_by_number(contents, tmp_path):
    contents.save(tmp_path / "bundle")
    bundle = Bundle.load(tmp_path / "bundle")
    named = bundle.generate(LatentRequest(n=2, class_label=bundle.classes[1]))
    numbered = bundle.generate(LatentRequest(n=2, class_label=1))
    assert named.values.equal(numbered.values)
    assert named.labels is not None
    assert named.labels.tolist() == [1, 1]
