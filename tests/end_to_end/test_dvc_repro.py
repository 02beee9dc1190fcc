"""`dvc repro`: the same nodes, as stages."""

import shutil

from ..projects import ENVIRONMENT, Project


def test_dvc_runs_the_same_nodes_to_the_same_bytes_and_then_nothing(own_project: Project) -> None:
    produced = [f"data/{layer}/{ENVIRONMENT}" for layer in ("03_primary", "06_models", "08_reporting")]
    before = [own_project.digests(folder) for folder in produced]
    for folder in produced:
        shutil.rmtree(own_project.path / folder)
    (own_project.path / "conf/dvc.yml").write_text(f"env: {ENVIRONMENT}\n")
    assert own_project.call_well("dvc", "repro").count("Running stage") == 4
    assert [own_project.digests(folder) for folder in produced] == before
    assert "Running stage" not in own_project.call_well("dvc", "repro")
    by_kedro, by_dvc = reversed(own_project.runs())
    assert (by_dvc.info.status, by_kedro.info.status) == ("FINISHED", "FINISHED")
    assert by_dvc.data.tags["registered_version"] == by_kedro.data.tags["registered_version"]
