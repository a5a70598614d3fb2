"""Every message that crosses the bus, declared once: typed, ranged, the unit in the field's name.

`base` has the ranged number types and the root class, one module a subsystem has its messages, `topics` says who
sends what to the bus and how it is queued, `schema` turns all of it into the header of a log.
"""
