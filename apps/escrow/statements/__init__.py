"""A member's account statement: every movement of their money with its cause in words, on the page, as CSV, over REST."""
