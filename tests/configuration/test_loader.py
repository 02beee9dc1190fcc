"""The configuration holds plain values, and its files may not do harm."""

import shutil
import tarfile
import tempfile
from pathlib import Path

import pytest

from ganops.configuration.loader import ProjectConfigLoader
from ganops.configuration.yaml_limits import LARGEST_BYTES, check_yaml
from ganops.errors import ConfigurationError
from ganops.settings import CONFIG_LOADER_ARGS

from ..ordinary_user import call_as_ordinary_user

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Return a folder conf with base, smoke and an empty local."""
    folder = tmp_path / "conf"
    for environment in ("base", "smoke", "local"):
        (folder / environment).mkdir(parents=True)
    (folder / "base" / "globals.yml").write_text("environment: mnist\n", encoding="utf-8")
    (folder / "smoke" / "globals.yml").write_text("environment: smoke\n", encoding="utf-8")
    (folder / "base" / "parameters_training.yml").write_text("training: {seed: 1}\n", encoding="utf-8")
    return folder


def load(conf: Path, env: str | None = None, **runtime: object) -> ProjectConfigLoader:
    return ProjectConfigLoader(str(conf), env=env, runtime_params=runtime, **CONFIG_LOADER_ARGS)


@pytest.mark.parametrize("name", ["../smoke", "a/b", ".hidden", "", "a b", "~"])
def test_the_name_of_an_environment_is_no_path(conf: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="--env: expected a name of letters"):
        load(conf, name)
    (conf / "base" / "globals.yml").write_text(f"environment: '{name}'\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"environment of globals\.yml: expected a name of letters"):
        load(conf)


def test_environments_are_the_folders_that_name_their_data(conf: Path) -> None:
    assert load(conf).environments() == ["smoke"]
    assert load(conf, "smoke")["globals"] == {"environment": "smoke"}


def test_runtime_parameters_are_literal(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "hunter2")
    assert load(conf, training={"seed": 3})["parameters"] == {"training": {"seed": 3}}
    for value in ("${oc.env:MY_SECRET}", "x${globals:environment}", ["${oc.env:MY_SECRET}"], "${"):
        with pytest.raises(
            ConfigurationError, match=r"training\.recipe.* of --params: expected a literal value"
        ) as error:
            load(conf, training={"recipe": value})
        assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("name", ["parameters_mine.yml", "globals.yml"])
def test_no_recorded_file_takes_a_value_from_the_environment(
    conf: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("MY_SECRET", "hunter2")
    (conf / "local" / name).write_text("environment: '${oc.env:MY_SECRET}'\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a literal value") as error:
        load(conf)["parameters"]
    assert name in str(error.value)
    assert "hunter2" not in str(error.value)


def test_mlflow_may_take_its_address_from_the_environment(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDRESS", "http://localhost")
    (conf / "base" / "mlflow.yml").write_text("server: '${oc.env:ADDRESS}'\n", encoding="utf-8")
    loader = load(conf)
    loader.config_patterns["mlflow"] = ["mlflow*"]
    assert loader["mlflow"] == {"server": "http://localhost"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "at most 50,000 values"),
        ("a: " + "[" * 5000 + "]" * 5000, "at most 32 levels"),
        ("a: &a [*a]", "aliases of anchors that stand before them"),
        ("a: !!python/object/apply:os.getcwd []", "plain values"),
        ("a: !mine 1", "plain values"),
        ("a: [1", "YAML files of UTF-8"),
        ("a: 1\nb", "YAML files of UTF-8"),
        ("a: ${", "YAML files of UTF-8"),
        ("training: {seed: 2}", "YAML files of UTF-8"),  # a second file of the folder has the key too
        ("a: " + "9" * 5000, "YAML files of UTF-8"),
        ("a: '" + "x" * LARGEST_BYTES + "'", "at most 1,048,576 bytes"),
    ],
    ids=lambda value: value[:16],
)
def test_a_file_that_is_no_plain_configuration_is_an_error(conf: Path, text: str, message: str) -> None:
    (conf / "base" / "parameters_mine.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load(conf)["parameters"]


def test_a_file_that_is_no_utf8_is_an_error(conf: Path) -> None:
    (conf / "base" / "parameters_mine.yml").write_bytes("a: größe".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="YAML files of UTF-8"):
        load(conf)["parameters"]


def test_aliases_of_a_few_values_are_read(conf: Path) -> None:
    check_yaml("a.yml", b"a: &a {x: [1, 2]}\nb: *a\nc: [*a, *a]\n")


@pytest.mark.parametrize("name", ["a[b]c", "why?", "a*b"])
def test_the_path_of_the_configuration_is_no_pattern(conf: Path, name: str) -> None:
    folder = conf.parent / name
    folder.mkdir()
    conf.rename(folder / "conf")
    assert load(folder / "conf", "smoke")["parameters"] == {"training": {"seed": 1}}
    assert load(folder / "conf").environments() == ["smoke"]


def test_a_packaged_configuration_is_read(conf: Path, tmp_path: Path) -> None:
    """`kedro package` writes conf-ganops.tar.gz."""
    with tarfile.open(tmp_path / "conf-ganops.tar.gz", "w:gz") as archive:
        archive.add(conf, "conf")
    loader = load(tmp_path / "conf-ganops.tar.gz", "smoke")
    assert loader["parameters"] == {"training": {"seed": 1}}
    assert loader.environments() == ["smoke"]


@pytest.mark.parametrize(("path", "mode"), [("base/parameters_training.yml", 0o000), ("base", 0o444), ("base", 0o000)])
def test_a_file_that_may_not_be_read_is_an_error(conf: Path, path: str, mode: int) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        Path(folder).chmod(0o755)
        copy = Path(shutil.copytree(conf, Path(folder) / "conf"))
        (copy / path).chmod(mode)
        imports = "from ganops.settings import CONFIG_LOADER_ARGS, CONFIG_LOADER_CLASS"
        call = 'CONFIG_LOADER_CLASS(sys.argv[1], **CONFIG_LOADER_ARGS)["parameters"]'
        done = call_as_ordinary_user(imports, call, str(copy))
        (copy / path).chmod(0o755)
    assert "expected" in done.stdout, done.stderr
    assert "base" in done.stdout
