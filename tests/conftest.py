"""Every tensor annotation of the package is checked while the tests run."""

from jaxtyping import install_import_hook

install_import_hook("ganops", "beartype.beartype")
