"""What an M project is made of: populations, sources, species, particles, tilt series."""
