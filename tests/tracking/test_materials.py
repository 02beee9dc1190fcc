import os
import sys
from pathlib import Path

import pytest

from ganops.tracking.materials import material_tags


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not UTF-8")
def test_names_that_are_no_utf8_have_a_tag_that_changes_with_them(tmp_path: Path) -> None:
    """As an old zip unpacks: the run ended before any node."""
    entries = {
        "raw_pictures": {"type": "ganops.kedro_datasets.folder_dataset.FolderDataset", "filepath": str(tmp_path)}
    }
    tags = []
    for name in (b"caf\xe9.png", b"caf\xe8.png"):
        file = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
        file.write_bytes(b"1")
        os.utime(file, (0, 0))
        tags.append(material_tags(entries)["looks.raw_pictures"])
        file.unlink()
    assert tags[0] != tags[1]
