"""`python -m genenv` is `genenv`."""

from genenv.cli import main

main()
