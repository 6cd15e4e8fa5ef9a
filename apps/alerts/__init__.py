"""What members want to be told of, and what they were told."""
