"""The shipped scenarios and device profiles: data, read by `node.scenario` and `devices.profiles`."""
