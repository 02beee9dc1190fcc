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
from ganops.code_digest import source_digest
from ganops.config import RegistrationParameters
from ganops.errors import RegistryError
from ganops.registry.checksums import (
    CHECKSUMS_TAG,
    describe,
    fetch_model,
    fetch_version,
    list_checksums,
    record_checksums,
)
from ganops.registry.gate import Champion, Check, Decision, Report, check_model, check_report, decide, metrics_of
from ganops.registry.logged_model import differing_samples, log_bundle
from ganops.registry.origin import Origin
from ganops.registry.versions import WEIGHTS_TAG, version_by_alias, version_by_weights

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_LOGGER = logging.getLogger(__name__)
_METRIC = "metric."
_REPLACES = "replaces"


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
    verdicts: tuple[Check, ...]
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

    They get a new version only where the files of the known one were changed, or its model no longer gives the
    bundle's samples; the tag `replaces` of the new version holds the reason.

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
    judged = check_report(report, parameters, bundle.settings.sample.classes)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        done = _Registrar(client, run_id, name, bundle, report, parameters).register(judged, origin)
    client.set_tag(run_id, "registered_version", str(done))
    if done.champion and done.decision.alias != "champion":
        _LOGGER.warning("%s. Nothing else is served until another version becomes champion.", done)
    return done


@dataclass(frozen=True)
class _LoggedModel:
    """A model as read back from the store: its address, its files' checksums, and which of its samples differ."""

    model_id: str
    source: str
    checksums: Mapping[str, str]
    differing: str


@dataclass(frozen=True)
class _Registrar:
    """One registration; it holds the lock."""

    client: "MlflowClient"
    run_id: str
    name: str
    bundle: Bundle
    report: Report
    parameters: RegistrationParameters

    def register(self, judged: tuple[Check, ...], origin: Origin) -> Registration:
        known, reason = self._find_known()
        return self._add(judged, origin, reason) if known is None else self._renew(known, judged, origin)

    def _renew(self, known: "ModelVersion", judged: tuple[Check, ...], origin: Origin) -> Registration:
        origin = _origin_of(known, origin)
        verdicts = (*check_model(has_finite_weights(self.bundle), ""), *judged)
        decision = self._decide(verdicts, origin, known)
        _renew_tags(self.client, known, _tags(self.bundle, self.report, origin, decision))
        return self._finish(known, decision, verdicts, known=True)

    def _add(self, judged: tuple[Check, ...], origin: Origin, reason: str) -> Registration:
        """Make a version; `reason`: why the known version of these weights cannot be used, or empty."""
        logged = self._log()
        verdicts = (*check_model(has_finite_weights(self.bundle), logged.differing), *judged)
        decision = self._decide(verdicts, origin, None)
        tags = _tags(self.bundle, self.report, origin, decision)
        tags |= {CHECKSUMS_TAG: record_checksums(self.client, self.run_id, logged.checksums)}
        if reason:
            tags[_REPLACES] = reason
            _LOGGER.warning("Registering known weights as a new version. %s", reason)
        version = _new_version(self.client, self.name, logged, self.run_id, tags)
        return self._finish(version, decision, verdicts, known=False)

    def _decide(self, verdicts: tuple[Check, ...], origin: Origin, known: "ModelVersion | None") -> Decision:
        rival = _rival(self.client, self.name, known)
        return decide(verdicts, self.report, self.parameters.compare_by, rival, origin.doubts)

    def _finish(
        self, version: "ModelVersion", decision: Decision, verdicts: tuple[Check, ...], *, known: bool
    ) -> Registration:
        champion = _set_alias(self.client, version, decision)
        return Registration(self.name, str(version.version), decision, verdicts, known, champion)

    def _find_known(self) -> "tuple[ModelVersion | None, str]":
        """Return the version of these weights; or None, and why the known one cannot be used."""
        found = version_by_weights(self.client, self.name, self.bundle.digest)
        if found is None:
            return None, ""
        try:
            with fetch_version(self.client, found) as folder:
                differing = self._compare_samples(folder)
        except RegistryError as error:
            return None, error.problem
        return (None, f"{describe(found)}: {differing}") if differing else (found, "")

    def _log(self) -> _LoggedModel:
        """Log the model, read it back from the store, and compare its samples with the bundle's."""
        uri = log_bundle(self.bundle, self.parameters.largest_request)
        model_id = uri.removeprefix("models:/")
        source = self.client.get_logged_model(model_id).artifact_location
        with fetch_model(f"the logged model {model_id}", source) as folder:
            return _LoggedModel(model_id, source, list_checksums(folder), self._compare_samples(folder))

    def _compare_samples(self, model: Path) -> str:
        return differing_samples(model, self.bundle, self.parameters.largest_request)


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
    client: "MlflowClient", name: str, logged: _LoggedModel, run_id: str, tags: dict[str, str]
) -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return client.create_model_version(name, logged.source, run_id, tags, model_id=logged.model_id)


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
        WEIGHTS_TAG: bundle.digest,
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
