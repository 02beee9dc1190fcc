"""Bundle + report → a version of the registered model, its alias and its tags."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from filelock import FileLock

from ganops.bundle import Bundle
from ganops.config import RegistrationParameters
from ganops.errors import RegistryError
from ganops.registry.gate import Champion, Decision, Report, Verdict, decide, judge_model, judge_report, metrics_of
from ganops.registry.logged_model import differing_samples, log_bundle
from ganops.registry.origin import Origin
from ganops.registry.versions import version_by_alias, version_by_weights
from ganops.sources import source_digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_LOGGER = logging.getLogger(__name__)
_METRIC = "metric."


@dataclass(frozen=True)
class Registration:
    """What became of a bundle. Only the verdicts are the same wherever and whenever it is registered.

    Attributes:
        name: of the registered model.
        version: its number.
        decision: of the gate.
        verdicts: of the gate, without regard to other versions.
        known: whether there was a version of these weights.
        champion: whether the version is the champion now, whatever the gate decided.
    """

    name: str
    version: str
    decision: Decision
    verdicts: tuple[Verdict, ...]
    known: bool
    champion: bool

    def __str__(self) -> str:
        return f"{self.name} v{self.version} ({self._standing})"

    @property
    def _standing(self) -> str:
        standing = self.decision.alias or "failed the gate"
        if not self.champion or standing == "champion":
            return standing
        return f"still champion, but by today's gate {standing}: {'; '.join(self.decision.reasons)}"


def register_bundle(
    name: str, bundle: Bundle, report: Report, parameters: RegistrationParameters, origin: Origin, lock: Path
) -> Registration:
    """Register in the active run's store; known weights give the version they have.

    They get a new one only where the model of the one they have no longer gives the bundle's samples.

    Args:
        name: of the registered model; made where it does not exist.
        bundle: the generator.
        report: its evaluation, with `metrics` and `protocol`.
        parameters: the gate's limits.
        origin: what the version's tags say of code and run.
        lock: a file; of all that name it one at a time looks for versions, decides and moves aliases.

    Raises:
        RegistryError: no run is active.
        ConfigurationError: a limit on a metric that the report lacks.
    """
    client, run_id = _active_client()
    # Before anything is written: a wrong limit costs nothing.
    judged = judge_report(report, parameters, bundle.settings.classes)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        done = _Registrar(client, run_id, name, bundle, report, parameters).register(judged, origin)
    client.set_tag(run_id, "registered_version", str(done))
    if done.champion and done.decision.alias != "champion":
        _LOGGER.warning("%s. Nothing else is served until another version becomes champion.", done)
    return done


@dataclass(frozen=True)
class _Registrar:
    """One registration; it holds the lock."""

    client: "MlflowClient"
    run_id: str
    name: str
    bundle: Bundle
    report: Report
    parameters: RegistrationParameters

    def register(self, judged: tuple[Verdict, ...], origin: Origin) -> Registration:
        known = self._known()
        model_uri = log_bundle(self.bundle, self.parameters.largest_request) if known is None else ""
        differing = self._differing(model_uri) if known is None else ""
        verdicts = (*judge_model(has_finite_weights(self.bundle), differing), *judged)
        origin = origin if known is None else _origin_of(known, origin)
        rival = _rival(self.client, self.name, known)
        decision = decide(verdicts, self.report, self.parameters.compare_by, rival, origin.doubts)
        version = self._version(known, model_uri, _tags(self.bundle, self.report, origin, decision))
        champion = _set_alias(self.client, version, decision)
        return Registration(self.name, str(version.version), decision, verdicts, known is not None, champion)

    def _known(self) -> "ModelVersion | None":
        """The version of these weights; None where its model does not give their samples."""
        found = version_by_weights(self.client, self.name, self.bundle.digest)
        return None if found is None or self._differing(f"models:/{self.name}/{found.version}") else found

    def _differing(self, model_uri: str) -> str:
        return differing_samples(model_uri, self.bundle, self.parameters.largest_request)

    def _version(self, known: "ModelVersion | None", model_uri: str, tags: dict[str, str]) -> "ModelVersion":
        if known is None:
            return _new_version(self.client, self.name, model_uri, self.run_id, tags)
        _renew_tags(self.client, known, tags)
        return known


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
    """A known version keeps the origin of the code inside it, unless one beyond doubt now has that very code."""
    tags = version.tags
    if not origin.doubts and tags["package_sha256"] == source_digest():
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
        "package_sha256": source_digest(),
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


def _set_alias(client: "MlflowClient", version: "ModelVersion", decision: Decision) -> bool:
    """Move the aliases; whether the version is the champion then.

    The challenger is the version that passed the gate last without becoming champion. The champion stays until another
    takes its place, and is `previous` from then on: one that fails today's gate is still what is served, and says so.
    """
    name, number = version.name, str(version.version)
    best = version_by_alias(client, name, "champion")
    is_best = best is not None and str(best.version) == number
    if decision.alias == "challenger" and not is_best:
        client.set_registered_model_alias(name, "challenger", number)
        return False
    _drop_challenger(client, name, number)
    if decision.alias == "champion" and not is_best:
        if best is not None:
            client.set_registered_model_alias(name, "previous", best.version)
        client.set_registered_model_alias(name, "champion", number)
    return is_best or decision.alias == "champion"


def _drop_challenger(client: "MlflowClient", name: str, number: str) -> None:
    """Take the alias from this version, which is champion or failed; another version keeps it."""
    challenger = version_by_alias(client, name, "challenger")
    if challenger is not None and str(challenger.version) == number:
        client.delete_registered_model_alias(name, "challenger")


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
