"""What a member's copies are worth together: value over time, gain, movers, allocation, suggestions."""
