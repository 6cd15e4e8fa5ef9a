"""The running system under fire: `make faults` kills its processes in the middle of every money step."""
