"""The two ledgers: every joule that came in is somewhere. Totals since the start of the run, closed at every step."""

from __future__ import annotations

from flightsw.plant.distribution import Flows


class Ledger:
    """Adds up a run's energies. Residuals are rounding, or a leak in the plant."""

    def __init__(self) -> None:
        self.array_j = 0.0
        self.curtailed_j = 0.0
        self.load_j = 0.0
        self.payload_j = 0.0
        self.conversion_loss_j = 0.0
        self.battery_heat_j = 0.0
        self.stored_change_j = 0.0
        self.lost_with_cells_j = 0.0
        """chemical energy that wear and failed strings took along: in no node, and not in `stored_change_j`"""
        self.radio_j = 0.0
        """left by radio"""
        self.environment_j = 0.0
        """heat that came from the surroundings"""
        self.heat_in_j = 0.0
        self.heat_out_j = 0.0
        self.heat_stored_j = 0.0
        self.eclipse_s = 0.0

    def add_electrical(self, flows: Flows, available_w: float, payload_w: float, dt_s: float) -> None:
        """Book a stretch of time of the bus."""
        self.array_j += flows.array_used_w * dt_s
        self.curtailed_j += (available_w - flows.array_used_w) * dt_s
        self.load_j += flows.drawn_w * dt_s
        self.payload_j += payload_w * dt_s
        self.conversion_loss_j += flows.conversion_loss_w * dt_s
        self.battery_heat_j += flows.battery.heat_j
        self.stored_change_j += flows.battery.stored_j

    @property
    def electrical_residual_j(self) -> float:
        """Array - loads - losses - stored."""
        return self.array_j - self.load_j - self.conversion_loss_j - self.battery_heat_j - self.stored_change_j

    @property
    def thermal_residual_j(self) -> float:
        """In - out - stored."""
        return self.heat_in_j - self.heat_out_j - self.heat_stored_j
