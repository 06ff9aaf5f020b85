"""`python -m cti_client.cli` is the `cti` command."""

from cti_client.cli import main

main()
