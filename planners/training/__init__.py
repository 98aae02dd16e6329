"""Training of planners through the differentiable renderer."""
