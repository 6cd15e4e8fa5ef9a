"""The shared kernel: money, conditions, outbox, audit, errors, pagination. Knows no other app."""
