"""Stand-in boards: trees with the files and commands of a real one, which the same drivers read.

They are generated, never copied from a device, and say so: a figure of a stand-in is a figure of the emulation.
"""
