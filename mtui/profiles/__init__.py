"""What each kind of exported set looks like on disk: tables and file names."""
