"""Many members at once against the running system: `make crowd`."""
