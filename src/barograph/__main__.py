"""`python -m barograph`."""

from barograph.cli.main import main

if __name__ == "__main__":
    main()
