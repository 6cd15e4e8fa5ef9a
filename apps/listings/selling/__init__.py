"""What sellers do with many listings at once: list, reprice by rule with preview and undo, go on vacation."""
