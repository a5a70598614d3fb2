"""flightsw: a flight-software emulator for an AI-enabled satellite node."""
