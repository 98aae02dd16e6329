"""Training the network of `planners/scene` on photos with pixel labels of which each source knows some classes only."""
