"""The live view of `flightsw run` on a terminal: a process of its own that follows the log, draws, and reads keys."""
