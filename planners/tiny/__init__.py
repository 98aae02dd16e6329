"""The planner `tiny`: a small network that was trained through the renderer."""
