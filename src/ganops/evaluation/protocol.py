"""Make the protocol of an evaluation: what its numbers depend on."""

from collections.abc import Sequence

from ganops.data.store import Store
from ganops.evaluation.measures import MEASURES
from ganops.evaluation.oracle import DESCRIPTION
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import PairedProtocol, Protocol
from ganops.evaluation.requirements import sample_count
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import FeatureExtractor
from ganops.metrics.inception_score import SPLITS

REFERENCE = "train"


def make_protocol(
    store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters, further: Sequence[FeatureExtractor]
) -> Protocol:
    """Return the protocol of these extractors, data and parameters."""
    n, reference_n = sample_count(parameters.n, len(store.indices("held_out"))), len(store.indices(REFERENCE))
    return Protocol(
        features=extractor.name,
        weights=extractor.digest,
        resize=extractor.resize,
        n=n,
        reference=REFERENCE,
        reference_n=reference_n,
        seeds=parameters.seeds,
        nearest_neighbours=parameters.nearest_neighbours,
        # The subset of a small set is all of it.
        kid_subset_size=min(parameters.kid_subset_size, n, reference_n),
        kid_subsets=parameters.kid_subsets,
        inception_score_splits=SPLITS,
        store=store.digest(),
        further_features=tuple(one.name for one in further),
        further_weights=tuple(one.digest for one in further),
        oracle=DESCRIPTION if parameters.oracle else None,
        **MEASURES[extractor.field].describe(store.fields[extractor.field].shape),
    )


def add_paired_metrics(protocol: Protocol, pairing: Pairing | None) -> Protocol:
    """Return the protocol with the paired metrics and how their conditions are drawn, where there are such."""
    if pairing is None:
        return protocol
    of_baselines = [f"{metric}_{baseline}" for baseline in pairing.baselines for metric in pairing.metrics]
    metrics = (*pairing.metrics, *of_baselines, *pairing.diversity)
    return PairedProtocol(
        **vars(protocol), paired_metrics=metrics, conditions=pairing.description, lpips_weights=pairing.lpips_weights
    )
