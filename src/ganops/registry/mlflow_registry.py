"""Bundle + report → a version of the registered model, its alias and its tags."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch

from ganops.bundle import Bundle
from ganops.config import RegistrationParameters
from ganops.errors import RegistryError
from ganops.registry.gate import Champion, Decision, Report, Verdict, decide, judge, metrics_of
from ganops.registry.logged_model import log_bundle, package_digest
from ganops.registry.origin import Origin
from ganops.registry.versions import version_by_alias, version_by_weights

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_METRIC = "metric."


@dataclass(frozen=True)
class Registration:
    """What became of a bundle. Only the verdicts are the same wherever and whenever it is registered."""

    name: str
    version: str
    decision: Decision
    verdicts: tuple[Verdict, ...]
    known: bool

    def __str__(self) -> str:
        return f"{self.name} v{self.version} ({self.decision.alias or 'failed the gate'})"


def register_bundle(
    name: str, bundle: Bundle, report: Report, parameters: RegistrationParameters, origin: Origin
) -> Registration:
    """Register in the active run's store; known weights give the version they have.

    Args:
        name: of the registered model; made where it does not exist.
        bundle: the generator.
        report: its evaluation, with `metrics` and `protocol`.
        parameters: the gate's limits.
        origin: what the version's tags say of code and run.

    Raises:
        RegistryError: no run is active, or the logged model differs from the bundle.
        ConfigurationError: a limit on a metric that the report lacks.
    """
    client, run_id = _active_client()
    # Before anything is written: a wrong limit costs nothing.
    verdicts = judge(report, parameters, finite=has_finite_weights(bundle), loads_back=True)
    known = version_by_weights(client, name, bundle.digest)
    origin = origin if known is None else _origin_of(known, origin)
    champion = _rival(client, name, known)
    decision = decide(verdicts, report, parameters.compare_by, champion, origin.clean)
    tags = _tags(bundle, report, origin, decision)
    if known is None:
        version = _new_version(client, name, log_bundle(bundle, parameters.largest_request), run_id, tags)
    else:
        version = known
        _renew_tags(client, known, tags)
    _set_alias(client, version, decision)
    registration = Registration(name, str(version.version), decision, verdicts, known is not None)
    client.set_tag(run_id, "registered_version", str(registration))
    return registration


def has_finite_weights(bundle: Bundle) -> bool:
    """Whether every number in the bundle's networks is one."""
    tensors = (t for network in bundle.generator.networks.values() for t in network.state_dict().values())
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


def _active_client() -> "tuple[MlflowClient, str]":
    import mlflow

    run = mlflow.active_run()
    if run is None:
        raise RegistryError(
            "registration",
            expected="an active MLflow run, to which the model is logged",
            received="none",
            remedy="Use `kedro run`, or wrap the call in `with mlflow.start_run():`.",
        )
    return mlflow.MlflowClient(), run.info.run_id


def _new_version(
    client: "MlflowClient", name: str, model_uri: str, run_id: str, tags: dict[str, str]
) -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    model_id = model_uri.removeprefix("models:/")
    source = client.get_logged_model(model_id).artifact_location
    return client.create_model_version(name, source, run_id, tags, model_id=model_id)


def _origin_of(version: "ModelVersion", origin: Origin) -> Origin:
    """A known version keeps the origin of the code inside it, unless a clean tree now has that very code."""
    tags = version.tags
    if origin.clean and tags["package_sha256"] == package_digest():
        return origin
    return Origin(**{field.name: tags.get(field.name, "") for field in fields(Origin)})


def _rival(client: "MlflowClient", name: str, known: "ModelVersion | None") -> Champion | None:
    """The champion to beat; one that is registered again is not its own rival."""
    best = version_by_alias(client, name, "champion")
    if best is None or (known is not None and best.version == known.version):
        return None
    return _champion(best)


def _champion(version: "ModelVersion") -> Champion:
    metrics = {key.removeprefix(_METRIC): float(v) for key, v in version.tags.items() if key.startswith(_METRIC)}
    return Champion(str(version.version), json.loads(version.tags.get("protocol", "{}")), metrics)


def _tags(bundle: Bundle, report: Report, origin: Origin, decision: Decision) -> dict[str, str]:
    """ModelVersion.params and .metrics come back empty from SQLite: what matters is a tag."""
    protocol = report["protocol"]
    return {
        **{field.name: getattr(origin, field.name) for field in fields(Origin)},
        "weights_sha256": bundle.digest,
        "store_sha256": str(protocol.get("store", "")),
        "parameters_sha256": hashlib.sha256(_canonical(bundle.settings.model_dump()).encode()).hexdigest(),
        "package_sha256": package_digest(),
        "protocol": _canonical(protocol),
        "gate": "passed" if decision.alias else "failed",
        "gate_reasons": "; ".join(decision.reasons),
        **{f"{_METRIC}{metric}": repr(value) for metric, value in metrics_of(report).items()},
    }


def _renew_tags(client: "MlflowClient", version: "ModelVersion", tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        # The package inside a version never changes, whatever is registered again later.
        if key != "package_sha256" and version.tags.get(key) != value:
            client.set_model_version_tag(version.name, version.version, key, value)


def _set_alias(client: "MlflowClient", version: "ModelVersion", decision: Decision) -> None:
    name, number = version.name, str(version.version)
    best = version_by_alias(client, name, "champion")
    if decision.alias is None or (best is not None and str(best.version) == number):
        return
    if decision.alias == "champion" and best is not None:
        client.set_registered_model_alias(name, "previous", best.version)
    client.set_registered_model_alias(name, decision.alias, number)
    if decision.alias == "champion":
        _drop_challenger(client, name, number)


def _drop_challenger(client: "MlflowClient", name: str, number: str) -> None:
    challenger = version_by_alias(client, name, "challenger")
    if challenger is not None and str(challenger.version) == number:
        client.delete_registered_model_alias(name, "challenger")


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
