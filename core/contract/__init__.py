"""What plug-ins promise: slots, ops, schemas, latents, requests and planners, as types."""
