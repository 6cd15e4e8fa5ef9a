"""E-mail: what it says, sending it, bounces, unsubscribing."""
