"""Speed and cost of the product, measured beside raw limits in the same run. `python -m benchmarks` or `make bench`."""

FLY = "import sys; from flightsw.cli import main; sys.exit(main())"
"""`flightsw`, as a fresh interpreter's -c"""
