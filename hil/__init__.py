"""The HIL test bench: a real board in an emulated orbit.

Board drivers behind the device protocols, stand-in board trees that the same drivers read, the agent that runs on a
board, the bench that closes the loop around it, calibration, and pytest fixtures. How it is used: docs/hil.md.
"""
