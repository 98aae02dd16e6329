"""The plan: the JSON document of one photo's edits, and arithmetic on plans."""
