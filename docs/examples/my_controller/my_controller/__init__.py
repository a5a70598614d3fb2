"""Flight code of one's own: `laws` in place of a shipped law, `trend` beside the shipped applications."""
