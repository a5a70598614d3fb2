"""Drivers: what gives a board's power, temperature, clock, modes and complaints, and which of them a board has."""
