"""Sub-tomogram reconstruction on JAX."""
