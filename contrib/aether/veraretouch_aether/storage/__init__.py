"""The dataset on disk: shards of examples, the folder that holds them, and its card."""
