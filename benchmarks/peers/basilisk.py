"""The same orbit flown by Basilisk: a satellite with gravity, eclipse, solar panel, load and battery, a second a step.

    PYTHON benchmarks/peers/basilisk.py STEPS

PYTHON is one that has `bsk` installed (2.12 was tried), in an environment of its own. Prints a JSON object of simulated
seconds a second: `plant`: compiled modules alone; `modules`: with five Python modules that each read the battery and
write a message, as flight software would; `stepped`: the same, stopped and gone on with from Python at every step.
There is no thermal network, no compute device, no log, no process of its own in it: it is a lower bound of what the
node does. Called by `python -m benchmarks --basilisk PYTHON`.
"""

from __future__ import annotations

import json
import sys
import time

from Basilisk.architecture import messaging, sysModel
from Basilisk.simulation import eclipse, simpleBattery, simplePowerSink, simpleSolarPanel, spacecraft
from Basilisk.utilities import SimulationBaseClass, macros, orbitalMotion, simIncludeGravBody

AU_M = 1.495978707e11
CONTROLLERS = 5


class Controller(sysModel.SysModel):
    """A Python module of the least that flight software does: one message in, one out."""

    def __init__(self, battery: messaging.PowerStorageStatusMsg) -> None:
        super().__init__()
        self.read = messaging.PowerStorageStatusMsgReader()
        self.read.subscribeTo(battery)
        self.said = messaging.PowerNodeUsageMsg()

    def UpdateState(self, now_ns: int) -> None:  # noqa: N802  Basilisk's name
        """Half of what the battery gives."""
        told = messaging.PowerNodeUsageMsgPayload()
        told.netPower = 0.5 * self.read().currentNetPower
        self.said.write(told, now_ns, self.moduleID)


class Satellite:
    """A simulation, ready to run."""

    def __init__(self, controllers: int) -> None:
        self.sim = SimulationBaseClass.SimBaseClass()
        process = self.sim.CreateNewProcess("process")
        process.addTask(self.sim.CreateNewTask("task", macros.sec2nano(1.0)))
        craft = spacecraft.Spacecraft()
        bodies = simIncludeGravBody.gravBodyFactory()
        earth = bodies.createEarth()
        earth.isCentralBody = True
        bodies.addBodiesTo(craft)
        elements = orbitalMotion.ClassicElements()
        elements.a, elements.e, elements.i = 6_928_137.0, 0.0001, 97.6 * macros.D2R
        elements.Omega, elements.omega, elements.f = 15.0 * macros.D2R, 0.0, 0.0
        position_m, velocity_m_s = orbitalMotion.elem2rv(earth.mu, elements)
        craft.hub.r_CN_NInit, craft.hub.v_CN_NInit = position_m, velocity_m_s
        sun, ground = messaging.SpicePlanetStateMsgPayload(), messaging.SpicePlanetStateMsgPayload()
        sun.PositionVector, sun.PlanetName = [AU_M, 0.0, 0.0], "sun"
        ground.PositionVector, ground.PlanetName = [0.0, 0.0, 0.0], "earth"
        self.messages = messaging.SpicePlanetStateMsg().write(sun), messaging.SpicePlanetStateMsg().write(ground)
        shadow = eclipse.Eclipse()
        shadow.sunInMsg.subscribeTo(self.messages[0])
        shadow.addPlanetToModel(self.messages[1])
        shadow.addSpacecraftToModel(craft.scStateOutMsg)
        panel = simpleSolarPanel.SimpleSolarPanel()
        panel.setPanelParameters([1.0, 0.0, 0.0], 0.12, 0.28)
        panel.sunInMsg.subscribeTo(self.messages[0])
        panel.stateInMsg.subscribeTo(craft.scStateOutMsg)
        panel.sunEclipseInMsg.subscribeTo(shadow.eclipseOutMsgs[0])
        load = simplePowerSink.SimplePowerSink()
        load.nodePowerOut = -20.0
        battery = simpleBattery.SimpleBattery()
        battery.storageCapacity, battery.storedCharge_Init = 84.0 * 3600.0, 60.0 * 3600.0
        battery.addPowerNodeToModel(panel.nodePowerOutMsg)
        battery.addPowerNodeToModel(load.nodePowerOutMsg)
        self.modules = [craft, shadow, panel, load, battery]
        self.modules += [Controller(battery.batPowerOutMsg) for _ in range(controllers)]
        for number, module in enumerate(self.modules):
            module.ModelTag = f"module-{number}"
            self.sim.AddModelToTask("task", module)
        self.sim.InitializeSimulation()

    def run(self, steps: int, *, at_once: bool) -> float:
        """Simulated seconds a second."""
        begin_s = time.perf_counter()
        for step in (steps,) if at_once else range(1, steps + 1):
            self.sim.ConfigureStopTime(macros.sec2nano(float(step)))
            self.sim.ExecuteSimulation()
        return steps / (time.perf_counter() - begin_s)


if __name__ == "__main__":
    asked = int(sys.argv[1])
    told = {
        "plant": Satellite(0).run(10 * asked, at_once=True),
        "modules": Satellite(CONTROLLERS).run(asked, at_once=True),
        "stepped": Satellite(CONTROLLERS).run(asked, at_once=False),
    }
    print(json.dumps(told))
