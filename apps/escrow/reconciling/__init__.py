"""The daily comparison with the processor, kept: every run, every difference, what to do, and how it was explained."""
