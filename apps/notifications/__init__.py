"""What members are told, how and when."""
