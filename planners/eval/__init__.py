"""The yardstick: how well a planner retouches, measured on pictures before and after, with its peers beside it."""
