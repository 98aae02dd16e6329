"""The checks of a plug-in's words: `check_lexicon`, and the suite that `veraretouch check` runs."""
