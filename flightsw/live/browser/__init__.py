"""The live console in a browser: one page about one run, from this machine, without a network."""
