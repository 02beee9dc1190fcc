"""Secrets are masked in tags, parameters, diffs and messages."""

import pytest

from ganops.tracking.masking import is_secret_file, mask_command, mask_secrets, mask_values


@pytest.mark.parametrize(
    "name",
    [
        "conf/mnist/credentials.yml", "conf/base/credentials_s3.yaml", "conf/local/my-Credentials.json", ".env",
        "deploy/.env.production", "prod.env", "secrets/database.yml", "src/client_secret.json", "server.pem", "a.key",
        "id_ed25519", ".netrc", ".dvc/config.local", "api_keys.yml", "token.json", "service-account-7.json",
        "passwords.txt",
    ],
)  # fmt: skip
def test_a_file_named_like_a_secret(name: str) -> None:
    assert is_secret_file(name)


@pytest.mark.parametrize(
    "name",
    [
        "conf/mnist/parameters_training.yml",
        "src/ganops/tokenizer.py",
        "src/ganops/keys.py",
        "environment.yml",
        "key.py",
    ],
)
def test_a_file_named_like_no_secret(name: str) -> None:
    assert not is_secret_file(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("store postgresql://me:pw@db.example.org/ganops: down", "store postgresql://***@db.example.org/ganops: down"),
        ("https://me:p@ss@host:5000/a@b", "https://***@host:5000/a@b"),
        ("https://host/mlflow?token=abc&page=2", "https://host/mlflow?token=***&page=2"),
        ("sqlite:////home/me/a@b/mlflow.db", "sqlite:////home/me/a@b/mlflow.db"),
        ("https://github.com/me/ganops", "https://github.com/me/ganops"),
        ("learning rate 1e-4 @ 3", "learning rate 1e-4 @ 3"),
    ],
)
def test_user_and_password_of_an_address_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


def test_the_value_of_a_variable_named_like_a_secret_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2hunter2")
    monkeypatch.setenv("HUB_TOKEN", "hunter2hunter2-and-more")
    monkeypatch.setenv("SHOWN_NAME", "plain-value")
    assert mask_secrets("a hunter2hunter2-and-more b hunter2hunter2 plain-value") == "a *** b *** plain-value"
    values = {"n": 3, "inner": {"list": ["hunter2hunter2", 1]}, "text": "kept"}
    assert mask_values(values) == {"n": 3, "inner": {"list": ["***", 1]}, "text": "kept"}


@pytest.mark.parametrize("options", [["--params", "a.b=sesame,c=1"], ["--params=a.b=sesame,c=1"]])
def test_a_command_line_keeps_only_the_keys_of_params(options: list[str]) -> None:
    masked = mask_command(["kedro", "run", "--env", "smoke", *options, "--tags", "x"])
    assert masked.replace("--params=", "--params ") == "kedro run --env smoke --params a.b=…,c=… --tags x"
