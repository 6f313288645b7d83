"""Exports on several processes or machines, through Dask; only a job's own process imports it."""
