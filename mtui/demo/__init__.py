"""A synthetic, physically honest M project with known truth."""
