"""Call the package as a user who is bound by permissions; root is not."""

import os
import subprocess
import sys

_PROGRAM = """
import os, sys
from ganops.errors import GanopsError
{imports}
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    {call}
except GanopsError as error:
    print(error)
"""


def call_as_ordinary_user(
    imports: str, call: str, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one call in a process of an ordinary user; it prints the message of a GanopsError.

    Args:
        imports: a line of Python.
        call: a line of Python that calls; `sys.argv[1:]` holds the arguments.
        *arguments: of the process.
        **variables: of the environment, beside those of this process.
    """
    program = _PROGRAM.format(imports=imports, call=call)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
