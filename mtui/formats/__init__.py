"""Bytes on disk to tables and arrays, and back: knows columns, not their meaning."""
