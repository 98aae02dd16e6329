"""Training the planner `vera` end to end: photo, tower, language model, head, latents, renderer, pixels."""
