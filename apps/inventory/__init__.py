"""What members own."""
