"""From torch to MIL: a network's ATen operations written as MIL operations."""
