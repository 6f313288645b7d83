"""Three-dimensional mathematics on NumPy arrays: rotations, grids, trajectories, projection, sizes."""
