"""What members agree to: the texts by version, the record of who agreed to which and when, and how other rooms ask."""
