"""What is the overhead of a run? `kedro run --env smoke`, beside a bare Kedro project's run of one empty node.

python benchmarks/startup.py [repetitions]: clones the last commit into a temporary folder, makes its tracking store,
and prints medians. The first run of each is a warm-up.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TIMER = '''
import atexit
from pathlib import Path
from time import perf_counter

from kedro.framework.hooks import hook_impl


class _NodeSeconds:
    """Writes the seconds that the session spent inside its nodes."""

    def __init__(self):
        self.spent = 0.0
        atexit.register(lambda: Path("node_seconds.txt").write_text(str(self.spent)))

    @hook_impl(trylast=True)
    def before_node_run(self):
        self.started = perf_counter()

    @hook_impl(tryfirst=True)
    def after_node_run(self):
        self.spent += perf_counter() - self.started


HOOKS = (*HOOKS, _NodeSeconds())
'''
BARE = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "bare"\nproject_name = "bare"\nkedro_init_version = "1.7.0"\n',
    "conf/base/catalog.yml": "",
    "conf/local/catalog.yml": "",
    "src/bare/__init__.py": "",
    "src/bare/settings.py": 'HOOKS = ()\nDISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow", "kedro-telemetry")\n',
    "src/bare/pipeline_registry.py": """
from kedro.pipeline import Node, Pipeline


def nothing():
    return 0


def register_pipelines():
    return {"__default__": Pipeline([Node(nothing, None, "zero")])}
""",
}


def clone(folder: Path) -> Path:
    """Return the last commit, with a tracking store and the timer."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    call(folder, sys.executable, "-m", "ganops.tracking.tracking_store")
    with (folder / "src/ganops/settings.py").open("a") as settings:
        settings.write(TIMER)
    return folder


def bare(folder: Path) -> Path:
    """Return the least that Kedro takes for a project."""
    for name, text in BARE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + (TIMER if name.endswith("settings.py") else ""), encoding="utf-8")
    return folder


def call(folder: Path, *command: str) -> float:
    """Wall seconds of a command that must succeed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = inherited | {"PATH": tools, "PYTHONPATH": str(folder / "src"), "KEDRO_DISABLE_TELEMETRY": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - start


def measure(folder: Path, repetitions: int, *command: str) -> tuple[float, float]:
    """Median seconds: the whole, and inside the nodes."""
    samples = []
    for _ in range(1 + repetitions):
        whole = call(folder, *command)
        samples.append((whole, float((folder / "node_seconds.txt").read_text(encoding="utf-8"))))
    wholes, insides = zip(*samples[1:], strict=True)
    return statistics.median(wholes), statistics.median(insides)


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as temporary:
        runs = {
            "bare Kedro": measure(bare(Path(temporary, "bare")), repetitions, "kedro", "run"),
            "ganops": measure(clone(Path(temporary, "ganops")), repetitions, "kedro", "run", "--env", "smoke"),
        }
    floor = runs["bare Kedro"][0] - runs["bare Kedro"][1]
    print(f"{'kedro run of':14}{'seconds':>9}{'in nodes':>10}{'outside':>9}{'ratio':>7}")
    for name, (whole, inside) in runs.items():
        print(f"{name:14}{whole:9.2f}{inside:10.2f}{whole - inside:9.2f}{(whole - inside) / floor:7.1f}")


if __name__ == "__main__":
    main()
