"""Register a bundle with its report: a version of the registered model, its alias and its tags."""

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
from ganops.errors import RegistryError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.registry.checksums import (
    CHECKSUMS_TAG,
    describe,
    fetch_model,
    fetch_version,
    list_checksums,
    record_checksums,
)
from ganops.registry.gate import Champion, Check, Decision, check_model, check_report, decide
from ganops.registry.logged_model import find_differing_samples, log_bundle
from ganops.registry.origin import Origin
from ganops.registry.versions import WEIGHTS_TAG, find_by_alias, find_by_weights

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

logger = logging.getLogger(__name__)
_METRIC = "metric."
_REPLACES = "replaces"


@dataclass(frozen=True)
class Registration:
    """The result of a registration. Only the checks do not depend on the registry.

    Attributes:
        name: of the registered model.
        version: its number.
        decision: of the gate.
        checks: of the gate.
        known: whether a version of these weights existed.
        is_champion: whether the version is the champion now, whatever the gate decided.
    """

    name: str
    version: str
    decision: Decision
    checks: tuple[Check, ...]
    known: bool
    is_champion: bool

    def __str__(self) -> str:
        return f"{self.name} v{self.version} ({self._standing})"

    @property
    def _standing(self) -> str:
        standing = self.decision.alias or "failed the gate"
        if not self.is_champion or standing == "champion":
            return standing
        return f"still champion, but by today's gate {standing}: {'; '.join(self.decision.reasons)}"


def register_bundle(
    name: str, bundle: Bundle, report: Report, parameters: RegistrationParameters, origin: Origin, lock: Path
) -> Registration:
    """Register a bundle in the store of the active run; known weights keep their version.

    Known weights get a new version only if the files of the old one were changed, or its model no longer gives the
    samples of the bundle; the tag `replaces` of the new version holds the reason.

    Args:
        name: of the registered model; created if missing.
        bundle: the generator.
        report: its evaluation.
        parameters: the gate's limits.
        origin: code and run, for the tags of the version.
        lock: a lock file, so that one process at a time decides and sets aliases.

    Raises:
        RegistryError: no run is active.
        ConfigurationError: there is a limit on a metric that the report lacks.
    """
    client, run_id = _active_client()
    # Before anything is written, so that a wrong limit leaves nothing behind.
    report_checks = check_report(report, parameters, bundle.settings.sample.classes)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        registration = _Registrar(client, run_id, name, bundle, report, parameters).register(report_checks, origin)
    client.set_tag(run_id, "registered_version", str(registration))
    if registration.is_champion and registration.decision.alias != "champion":
        logger.warning("%s. It stays the served version until another version becomes champion.", registration)
    return registration


@dataclass(frozen=True)
class _LoggedModel:
    """A model as read back from the store: its address, the checksums of its files, its differing samples."""

    model_id: str
    source: str
    checksums: Mapping[str, str]
    differing: list[int]


@dataclass(frozen=True)
class _Registrar:
    """One registration; it holds the lock."""

    client: "MlflowClient"
    run_id: str
    name: str
    bundle: Bundle
    report: Report
    parameters: RegistrationParameters

    def register(self, report_checks: tuple[Check, ...], origin: Origin) -> Registration:
        known, reason = self._find_known()
        return self._add(report_checks, origin, reason) if known is None else self._renew(known, report_checks, origin)

    def _renew(self, known: "ModelVersion", report_checks: tuple[Check, ...], origin: Origin) -> Registration:
        origin = _choose_origin(known, origin)
        checks = (*check_model(has_finite_weights(self.bundle), []), *report_checks)
        decision = self._decide(checks, origin, known)
        _renew_tags(self.client, known, _make_tags(self.bundle, self.report, origin, decision))
        return self._finish(known, decision, checks, known=True)

    def _add(self, report_checks: tuple[Check, ...], origin: Origin, reason: str) -> Registration:
        """Create a version; `reason`: why the known version of these weights cannot be used, or empty."""
        logged = self._log()
        checks = (*check_model(has_finite_weights(self.bundle), logged.differing), *report_checks)
        decision = self._decide(checks, origin, None)
        tags = _make_tags(self.bundle, self.report, origin, decision)
        tags |= {CHECKSUMS_TAG: record_checksums(self.client, self.run_id, logged.checksums)}
        if reason:
            tags[_REPLACES] = reason
            logger.warning("Registering known weights as a new version. %s", reason)
        version = _new_version(self.client, self.name, logged, self.run_id, tags)
        return self._finish(version, decision, checks, known=False)

    def _decide(self, checks: tuple[Check, ...], origin: Origin, known: "ModelVersion | None") -> Decision:
        champion = _find_current_champion(self.client, self.name, known)
        return decide(checks, self.report, self.parameters.compare_by, champion, origin.issues)

    def _finish(
        self, version: "ModelVersion", decision: Decision, checks: tuple[Check, ...], *, known: bool
    ) -> Registration:
        is_champion = _set_alias(self.client, version, decision)
        return Registration(self.name, str(version.version), decision, checks, known, is_champion)

    def _find_known(self) -> "tuple[ModelVersion | None, str]":
        """Return the version of these weights, or None and why it cannot be used."""
        found = find_by_weights(self.client, self.name, self.bundle.digest)
        if found is None:
            return None, ""
        try:
            with fetch_version(self.client, found) as folder:
                differing = self._compare_samples(folder)
        except RegistryError as error:
            return None, error.problem
        except Exception as error:  # the code of an older version, which may raise anything with this package
            return None, f"{describe(found)}: its code does not run here ({type(error).__name__}: {error})"
        reason = f"{describe(found)}: samples {', '.join(map(str, differing))} differ from those of the bundle"
        return (None, reason) if differing else (found, "")

    def _log(self) -> _LoggedModel:
        """Log the model, read it back from the store, and compare its samples with those of the bundle."""
        uri = log_bundle(self.bundle, self.parameters.largest_request)
        model_id = uri.removeprefix("models:/")
        source = self.client.get_logged_model(model_id).artifact_location
        with fetch_model(f"the logged model {model_id}", source) as folder:
            return _LoggedModel(model_id, source, list_checksums(folder), self._compare_samples(folder))

    def _compare_samples(self, model: Path) -> list[int]:
        return find_differing_samples(model, self.bundle, self.parameters.largest_request)


def has_finite_weights(bundle: Bundle) -> bool:
    """Return whether all weights of the bundle are finite."""
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


def _choose_origin(version: "ModelVersion", origin: Origin) -> Origin:
    """Return the new origin if it has no issues and equal code, else that of the known version."""
    tags = version.tags
    if not origin.issues and tags["package_sha256"] == source_digest():
        return origin
    return Origin(**{field.name: tags.get(field.name, "") for field in fields(Origin)})


def _find_current_champion(client: "MlflowClient", name: str, known: "ModelVersion | None") -> Champion | None:
    """Return the champion to compare with; None where it is the known version itself, or there is none."""
    champion = find_by_alias(client, name, "champion")
    if champion is None or (known is not None and champion.version == known.version):
        return None
    return _read_champion(champion)


def _read_champion(version: "ModelVersion") -> Champion:
    metrics = {key.removeprefix(_METRIC): float(v) for key, v in version.tags.items() if key.startswith(_METRIC)}
    return Champion(str(version.version), json.loads(version.tags.get("protocol", "{}")), metrics)


def _make_tags(bundle: Bundle, report: Report, origin: Origin, decision: Decision) -> dict[str, str]:
    """Return the tags. SQLite returns ModelVersion.params and .metrics empty, so that all facts are tags."""
    return {
        **{field.name: getattr(origin, field.name) for field in fields(Origin)},
        WEIGHTS_TAG: bundle.digest,
        "store_sha256": report.protocol.store,
        "parameters_sha256": hashlib.sha256(_canonical(bundle.settings.model_dump()).encode()).hexdigest(),
        "package_sha256": source_digest(),
        "protocol": _canonical(report.protocol.to_json()),
        "gate": "passed" if decision.alias else "failed",
        "gate_reasons": "; ".join(decision.reasons),
        **{
            f"{_METRIC}{report.protocol.qualify(name)}": repr(value.mean)
            for name, value in report.metrics.items()
            if not report.is_void(name)
        },
    }


def _renew_tags(client: "MlflowClient", version: "ModelVersion", tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        # The package inside a version never changes.
        if key != "package_sha256" and version.tags.get(key) != value:
            client.set_model_version_tag(version.name, version.version, key, value)


def _set_alias(client: "MlflowClient", version: "ModelVersion", decision: Decision) -> bool:
    """Set the aliases; return whether the version is the champion.

    The challenger is the version that passed the gate last without becoming champion. The champion stays until another
    version replaces it, then it is `previous`. One that fails today's gate is still served, and a warning says so.
    """
    name, number = version.name, str(version.version)
    champion = find_by_alias(client, name, "champion")
    is_champion = champion is not None and str(champion.version) == number
    if decision.alias == "challenger" and not is_champion:
        client.set_registered_model_alias(name, "challenger", number)
        return False
    _drop_challenger(client, name, number)
    if decision.alias == "champion" and not is_champion:
        if champion is not None:
            client.set_registered_model_alias(name, "previous", champion.version)
        client.set_registered_model_alias(name, "champion", number)
    return is_champion or decision.alias == "champion"


def _drop_challenger(client: "MlflowClient", name: str, number: str) -> None:
    """Delete the alias of this version, which is champion or failed; another version keeps it."""
    challenger = find_by_alias(client, name, "challenger")
    if challenger is not None and str(challenger.version) == number:
        client.delete_registered_model_alias(name, "challenger")


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
