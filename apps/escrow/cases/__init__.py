"""How a dispute goes on: talks with offers, a moderator's ruling and its appeal, parcels on their way back, the log."""
