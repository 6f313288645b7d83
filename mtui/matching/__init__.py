"""Particle-set arithmetic: names, one-to-one pairs, sets."""
