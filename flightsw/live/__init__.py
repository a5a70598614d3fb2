"""Live views of a run: they follow its log, and command it over its umbilical; they take no part in it."""
