"""Speed and cost of the product, measured beside raw limits in the same run. `python -m benchmarks` or `make bench`."""
