"""Training, one command per model; see docs/recognition.md."""
