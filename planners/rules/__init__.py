"""The rule planner: auto from measurements, style from a lexicon, param exactly. `planner.Rules` is its entry point."""
