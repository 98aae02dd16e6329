"""The photos that a dataset is made of: where they come from, which are kept, and how they are prepared."""
